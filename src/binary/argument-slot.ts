/**
 * What FUNCDATA_ArgInfo tells of a function's arguments, for tracebacks, in stripped binaries too (Go 1.17 and later):
 * https://github.com/golang/go/blob/go1.26.0/src/cmd/compile/internal/ssagen/ssa.go, `EmitArgInfo`.
 */
export type ArgumentSlot =
  /** A number or pointer, from the start of the argument frame: in the caller's part of the stack, or where it is spilled. */
  | { readonly kind: 'word'; readonly offset: number; readonly sizeBytes: number }
  /** A string, slice, interface, complex number, array or struct. */
  | { readonly kind: 'group'; readonly parts: readonly ArgumentSlot[] }
  /** Nested too deep, or at an offset above 239: not told. */
  | { readonly kind: 'untold' };

export interface ArgumentInfo {
  /** In order of declaration, receiver first. Of functions with type arguments the very first one is left out. */
  readonly slots: readonly ArgumentSlot[];
  /** False: more than ten components, the rest is not told. */
  readonly complete: boolean;
  /** There is no list because the function has no parameters at all. */
  readonly isAbsent?: boolean | undefined;
}
