/**
 * What told the types of a function's arguments or results, the best first: its debug information; the user, in the
 * pattern; the type descriptors that reflection uses; the compiler's list of places and sizes for tracebacks; nothing,
 * so that registers are shown as they are.
 */
export type TypeSource = 'dwarf' | 'signature' | 'runtime' | 'arginfo' | 'registers';
