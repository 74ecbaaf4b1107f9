/** Small functions in Go that the compiler inlines, of all shapes of bodies that matter. */
import type { Dice } from './dice.ts';

export type Kind = 'int' | 'bool';

export interface Callee {
  readonly name: string;
  readonly kind: Kind;
  readonly isGeneric: boolean;
  /** Lines of the body; `@` stands for a call of the nested callee. */
  readonly body: readonly string[];
  readonly nested: { readonly callee: Callee; line: number }[];
}

const bodies: readonly { readonly kind: Kind; readonly lines: readonly string[]; readonly plain?: boolean }[] = [
  { kind: 'int', lines: ['return a*K + b'] },
  { kind: 'int', lines: ['return a + K'] },
  { kind: 'int', lines: ['return (a^b)*K + (a>>3)'] },
  { kind: 'int', lines: ['if a > b {', 'return a', '}', 'return b'] },
  { kind: 'int', lines: ['return a / (b&7 + K)'] },
  { kind: 'int', plain: true, lines: ['return t.n + a'] },
  { kind: 'int', plain: true, lines: ['return t.n'] },
  { kind: 'int', plain: true, lines: ['return t.list[a&7] + b'] },
  { kind: 'int', plain: true, lines: ['t.n += a', 'return b'] },
  { kind: 'int', plain: true, lines: ['t.next = t', 'return t.n'] },
  { kind: 'int', plain: true, lines: ['if a&1 == 0 {', 't.n++', '}', 'return a'] },
  { kind: 'int', plain: true, lines: ['use(a)', 'return b - K'] },
  { kind: 'int', lines: ['for i := a; i&3 != 0; i++ {', 'b += i', '}', 'return b'] },
  { kind: 'int', plain: true, lines: ['return @ + K'] },
  { kind: 'int', plain: true, lines: ['if a > K {', 'return @', '}', 'return b'] },
  { kind: 'int', plain: true, lines: ['t.m = a', 'return @ - a'] },
  { kind: 'bool', lines: ['return a < K'] },
  { kind: 'bool', lines: ['return a >= b'] },
  { kind: 'bool', lines: ['return a != K && b > a'] },
  { kind: 'bool', plain: true, lines: ['return t.n > a'] },
  { kind: 'bool', plain: true, lines: ['return t.next != nil'] },
  { kind: 'bool', plain: true, lines: ['return @ > K'] },
];

export function newCallee(dice: Dice, index: number, generics: boolean): Callee {
  const template = bodies[index % bodies.length] as (typeof bodies)[number];
  const constant = String(1 + dice.below(9));
  const isGeneric = generics && template.plain !== true && dice.below(3) === 0;
  return {
    name: `${template.kind === 'bool' ? 'b' : 'f'}${index}`,
    kind: template.kind,
    isGeneric,
    body: template.lines.map((line) => line.replaceAll('K', constant)),
    nested: [],
  };
}

/** The function, and its twin that counts its calls; adds to `nested` where calls stand in it. */
export function emitCallee(lines: string[], callee: Callee, all: readonly Callee[]): void {
  const { name, kind, isGeneric, body, nested } = callee;
  const number = isGeneric ? 'N' : 'int';
  const result = kind === 'bool' ? 'bool' : number;
  const index = all.indexOf(callee);
  // Those in front of it: no recursion.
  const inner = all.slice(0, index).filter((each) => each.kind === 'int' && !each.isGeneric);
  lines.push(`func ${name}${isGeneric ? '[N int | int32]' : ''}(t *T, a, b ${number}) ${result} {`);
  const twin: string[] = [];
  for (const text of body) {
    const called = text.includes('@') ? inner[(index * 7) % inner.length] : undefined;
    lines.push(called === undefined ? text : text.replace('@', `${called.name}(t, b, a)`));
    if (called !== undefined) nested.push({ callee: called, line: lines.length });
    twin.push(called === undefined ? text : text.replace('@', `c${called.name}(t, b, a, s, ${lines.length})`));
  }
  lines.push('}', '', '//go:noinline', `func c${name}(t *T, a, b int, s, line int) ${kind} {`);
  lines.push(`count("main.${name}", s, line)`, ...twin, '}', '');
}
