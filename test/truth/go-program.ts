/** Go programs of functions with random signatures, each called once with random values. */
import { createDice, type Dice, oneOf } from './dice.ts';
import { sourceName, type TypeModel, TypePool } from './go-types.ts';
import { type Expected, randomValue, type ValueModel } from './go-values.ts';
import { withoutGenerics } from './without-generics.ts';

export interface ExpectedFunction {
  /** As in pclntab; of a generic one as people write it. */
  readonly name: string;
  /** The name with types, as people write it in a pattern where there is no debug information. */
  readonly signature: string;
  readonly args: readonly ExpectedParameter[];
  readonly results: readonly ExpectedParameter[];
}

export interface ExpectedParameter {
  readonly name: string;
  readonly expected: Expected;
  /** Its type is a type parameter or made of one: the debug information has the shape's name. */
  readonly generic: boolean;
}

export interface GoProgram {
  /** By file name. */
  readonly files: ReadonlyMap<string, string>;
  readonly functions: readonly ExpectedFunction[];
}

const functionsPerFile = 250;

/** What differs between programs. */
export interface Dialect {
  /** Since Go 1.18. */
  readonly generics: boolean;
  /** Each declared type is put into an interface, so that it has a descriptor, by which written signatures find it. */
  readonly described?: boolean;
}

/** The program takes two arguments: the first function to call, and the one before which to stop. */
export function randomProgram(seed: number, count: number, dialect: Dialect): GoProgram {
  const dice = createDice(seed);
  const pool = new TypePool(dice, 12 + Math.floor(count / 20));
  const functions: ExpectedFunction[] = [];
  const sources: string[] = [];
  for (let index = 0; index < count; index++) {
    const made = randomFunction(dice, pool, index, dialect);
    functions.push(made.expected);
    sources.push(made.source);
  }
  const files = new Map([['go.mod', `module sidespan.test/truth\n\ngo ${dialect.generics ? '1.18' : '1.15'}\n`]]);
  const known = new Map<string, string>();
  for (let first = 0; first < count; first += functionsPerFile) {
    const text = sources.slice(first, first + functionsPerFile).join('\n');
    const { source, declarations } = dialect.generics
      ? { source: text, declarations: '' }
      : withoutGenerics(text, known);
    files.set(`functions${first}.go`, `${header}\n${source}\n${declarations}`);
  }
  files.set('types.go', `${header}\n${pool.declarations.join('\n')}\n${dialect.described ? describedTypes(pool) : ''}`);
  files.set('main.go', `${header}\n${mainSource(count)}\n${dialect.generics ? genericHelpers : ''}`);
  return { files, functions };
}

const header = `package main

import ("errors"; "fmt"; "os"; "syscall"; "time")

var _ = errors.New
var _ = fmt.Errorf
var _ = os.Args
var _ syscall.Errno
var _ time.Time
`;

function describedTypes({ declarations }: TypePool): string {
  const zeros = declarations.map((text) => `*new(${text.split(' ')[1]})`);
  return `var described = []interface{}{${zeros.join(', ')}}\n\nfunc init() { sink[3] = described }\n`;
}

function mainSource(count: number): string {
  const calls = Array.from({ length: count }, (_, index) => `call${index}`);
  return `
var calls = []func(){${calls.join(', ')}}

func main() {
	var from, to int
	fmt.Sscan(os.Args[1], &from)
	fmt.Sscan(os.Args[2], &to)
	for _, call := range calls[from:to] { call() }
	// Names of functions are read while it runs.
	time.Sleep(300 * time.Millisecond)
}

func double(n int) int { return 2 * n }
func triple(n int) int { return 3 * n }

//go:noinline
func grow(n int) int { var room [512]byte; room[n%512] = 1; return int(room[(n+1)%512]) + n }

var sink [4]interface{}
`;
}

const genericHelpers = `
func ptr[T any](value T) *T { return &value }

func filled[T any](capacity int, values ...T) chan T {
	channel := make(chan T, capacity)
	for _, value := range values { channel <- value }
	return channel
}
`;

interface Parameter {
  readonly name: string;
  readonly type: TypeModel;
  readonly value: ValueModel;
  readonly variadic?: boolean;
  readonly generic?: boolean;
}

function randomFunction(
  dice: Dice,
  pool: TypePool,
  index: number,
  dialect: Dialect,
): { expected: ExpectedFunction; source: string } {
  const arity = dice.below(12) === 0 ? 6 + dice.below(15) : dice.below(6);
  const parameter = (name: string): Parameter => {
    // Floats are where the compiler's choices show: in registers that can't be read.
    const type = dice.below(4) === 0 ? pool.float() : pool.type(3);
    return { name, type, value: randomValue(dice, type) };
  };
  const parameters = Array.from({ length: arity }, (_, n) => parameter(dice.below(15) === 0 ? '_' : `a${n}`));
  if (dice.below(8) === 0) parameters.push(variadic(dice, pool));
  const isNamed = dice.below(2) === 0;
  const results = Array.from({ length: dice.below(4) }, (_, n) => parameter(isNamed ? `r${n}` : ''));
  const style = dice.below(10);
  const receiver = style === 0 ? randomReceiver(dice, pool) : undefined;
  const isGeneric = dialect.generics && style === 1 && parameters.length > 0 && parameters[0]?.variadic === undefined;
  if (isGeneric) parameters[0] = { ...(parameters[0] as Parameter), generic: true };

  const short = `${receiver ? 'm' : 'f'}${index}`;
  const list = parameters.map(({ name, type, variadic: isVariadic, generic }) => {
    const typeText = generic ? 'P' : isVariadic ? `...${sourceName(type.name).slice(2)}` : sourceName(type.name);
    return `${name} ${typeText}`;
  });
  const resultList = results.map(({ name, type }) => `${name} ${sourceName(type.name)}`.trim());
  const values = results.map((_, n) => `result${index}_${n}`);
  const declared = results.map(({ type, value }, n) => `var ${values[n]} ${sourceName(type.name)} = ${value.go}`);
  const head = `func ${receiver ? `(${receiver.name} ${sourceName(receiver.type.name)}) ` : ''}${short}${isGeneric ? '[P any]' : ''}`;
  const body = functionBody(dice, [...(receiver ? [receiver] : []), ...parameters], results, values, index);
  const receiverGo = receiver ? `(${receiver.value.go}).` : '';
  const typeArguments = isGeneric ? `[${sourceName(parameters[0]?.type.name ?? '')}]` : '';
  const call = `${receiverGo}${short}${typeArguments}(${parameters.map(callText).join(', ')})`;
  const source = `
${declared.join('\n')}

//go:noinline
${head}(${list.join(', ')}) (${resultList.join(', ')}) {
${body}
}

func call${index}() { ${call} }
`;
  return {
    source,
    expected: {
      name: nameOf(short, receiver, isGeneric),
      signature: `${nameOf(short, receiver, isGeneric).replace('[...]', '[P any]')}(${list.join(', ')}) (${resultList.join(', ')})`,
      args: [...(receiver ? [receiver] : []), ...parameters].map(expectedOf),
      results: results.map(expectedOf),
    },
  };
}

function expectedOf({ name, value, generic = false }: Parameter): ExpectedParameter {
  return { name, expected: value.expected, generic };
}

function nameOf(short: string, receiver: Parameter | undefined, isGeneric: boolean): string {
  if (receiver === undefined) return isGeneric ? `main.${short}[...]` : `main.${short}`;
  const type = receiver.type.name;
  return type.startsWith('*') ? `main.(*${type.slice(6)}).${short}` : `${type}.${short}`;
}

function callText({ value, variadic: isVariadic }: Parameter): string {
  return isVariadic ? `${value.go}...` : value.go;
}

function variadic(dice: Dice, pool: TypePool): Parameter {
  const elem = pool.type(1);
  const type: TypeModel =
    elem.name === 'uint8' ? { kind: 'bytes', name: '[]uint8' } : { kind: 'slice', name: `[]${elem.name}`, elem };
  return { name: 'rest', type, value: randomValue(dice, type), variadic: true };
}

function randomReceiver(dice: Dice, pool: TypePool): Parameter | undefined {
  if (pool.structs.length === 0) return undefined;
  const struct = oneOf(dice, pool.structs);
  if (dice.below(2) === 0) return { name: 'self', type: struct, value: randomValue(dice, struct) };
  const type: TypeModel = { kind: 'pointer', name: `*${struct.name}`, elem: struct };
  const value = randomValue(dice, struct);
  const go = `ptr[${sourceName(struct.name)}](${value.go})`;
  return {
    name: 'self',
    type,
    value: { go, expected: { is: 'pointer', goType: type.name, target: value.expected } },
  };
}

/** What the compiler makes of a function depends on what it does with its parameters: nothing, keep them, call others. */
function functionBody(
  dice: Dice,
  parameters: readonly Parameter[],
  results: readonly Parameter[],
  values: readonly string[],
  index: number,
): string {
  const lines: string[] = [];
  const usable = parameters.filter(({ name }) => name !== '_');
  const style = dice.below(5);
  if (style === 1) lines.push(`grow(${index})`);
  if (style === 2) {
    for (const { name } of usable.slice(0, 4)) lines.push(`sink[${dice.below(4)}] = ${name}`);
    lines.push(`grow(${index})`);
  }
  if (style === 3) {
    lines.push(`grow(${index})`);
    for (const { name } of usable) lines.push(`if grow(${index}) == -1 { sink[0] = ${name} }`);
  }
  const isNamed = results.some(({ name }) => name !== '');
  if (style === 4 && isNamed) {
    lines.push(`defer func() { ${results.map(({ name }, n) => `${name} = ${values[n]}`).join('; ')} }()`);
    lines.push('grow(1)', 'return');
  } else {
    // A function that is nothing but a RET has no call that could be timed.
    if (lines.length === 0 && results.every(({ type }) => isEmpty(type))) lines.push('grow(2)');
    const returned = results.map(({ type, value }, n) => {
      const isConstant = (type.kind === 'float' || type.kind === 'complex') && dice.below(3) === 0;
      return isConstant ? value.go : (values[n] as string);
    });
    const isHeld = dice.below(3) === 0 && results.length > 0;
    if (isHeld) {
      const locals = results.map((_, n) => `held${n}`);
      lines.push(`${locals.join(', ')} := ${returned.join(', ')}`, `grow(${index})`);
      returned.splice(0, returned.length, ...locals);
    }
    lines.push(`return ${returned.join(', ')}`);
  }
  return lines.map((line) => `\t${line}`).join('\n');
}

/** Of no size. */
function isEmpty(type: TypeModel): boolean {
  if (type.kind === 'struct') return type.fields.every((field) => isEmpty(field.type));
  return type.kind === 'array' && (type.length === 0 || isEmpty(type.elem));
}
