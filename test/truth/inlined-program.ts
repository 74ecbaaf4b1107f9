/**
 * Go programs full of calls that the compiler inlines, in all positions that matter for counting them: conditions, loops,
 * branches, values used later or on one way only, calls within inlined calls. Each function that has them has a twin, in which
 * the same calls count themselves and are not inlined.
 */
import { createDice, type Dice, oneOf } from './dice.ts';

export interface InlinedProgram {
  readonly files: ReadonlyMap<string, string>;
  /** How often each call stands in the source, by `callKey`. */
  readonly occurrences: ReadonlyMap<string, number>;
}

/** A call by the name of what is called, the function that it ends up in, and the line that it stands on. */
export function callKey(name: string, into: string, line: number): string {
  return `${name} in ${into} line ${line}`;
}

export interface InlinedProgramOptions {
  readonly seed: number;
  /** Functions with inlined calls. */
  readonly functions: number;
  /** Go 1.18 and later. */
  readonly generics: boolean;
}

const callees = 24;

export function inlinedProgram({ seed, functions, generics }: InlinedProgramOptions): InlinedProgram {
  const dice = createDice(seed);
  const lines = header(generics).split('\n');
  const templates = Array.from({ length: callees }, (_, index) => newCallee(dice, index, generics));
  for (const callee of templates) emitCallee(lines, callee, templates);
  const occurrences = new Map<string, number>();
  const note = (name: string, into: string, line: number) => {
    const key = callKey(name, into, line);
    occurrences.set(key, (occurrences.get(key) ?? 0) + 1);
  };
  for (let index = 0; index < functions; index++) {
    const scenario = newScenario(dice, templates);
    const into = `main.s${index}`;
    emitScenario(lines, `s${index}`, scenario, undefined);
    emitScenario(lines, `r${index}`, scenario, index);
    for (const call of scenario.calls) noteCall(call, into, note);
  }
  lines.push(...mainSource(functions).split('\n'));
  return {
    files: new Map([
      ['go.mod', `module sidespan.test/inlined\n\ngo 1.${generics ? 18 : 15}\n`],
      ['main.go', `${lines.join('\n')}\n`],
    ]),
    occurrences,
  };
}

function noteCall(call: Call, into: string, note: (name: string, into: string, line: number) => void): void {
  note(`main.${call.callee.name}`, into, call.line);
  const within = (callee: Callee) => {
    for (const nested of callee.nested) {
      note(`main.${nested.callee.name}`, into, nested.line);
      within(nested.callee);
    }
  };
  within(call.callee);
}

// ---- functions to be inlined ----

type Kind = 'int' | 'bool';

interface Callee {
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

function newCallee(dice: Dice, index: number, generics: boolean): Callee {
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

function emitCallee(lines: string[], callee: Callee, all: readonly Callee[]): void {
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

// ---- functions that call them ----

interface Call {
  readonly callee: Callee;
  readonly args: readonly [Expression, Expression];
  line: number;
}

type Expression = string | Call | { readonly operator: string; readonly left: Expression; readonly right: Expression };

type Statement =
  | { readonly text: readonly [string, Expression, string] }
  | {
      readonly text: readonly [string, Expression, string];
      readonly body: readonly Statement[];
      readonly otherwise?: readonly Statement[] | undefined;
      readonly onOneLine: boolean;
    };

interface Scenario {
  readonly statements: readonly Statement[];
  readonly calls: Call[];
}

function newScenario(dice: Dice, all: readonly Callee[]): Scenario {
  const calls: Call[] = [];
  const expression = (kind: Kind, depth: number): Expression => {
    const choice = dice.below(10);
    if (depth > 0 && choice < 5) {
      const callee = oneOf(
        dice,
        all.filter((each) => each.kind === kind),
      );
      const call: Call = { callee, args: [expression('int', depth - 1), expression('int', depth - 2)], line: 0 };
      calls.push(call);
      return call;
    }
    if (kind === 'bool') {
      if (depth > 1 && choice < 8) {
        return {
          operator: oneOf(dice, ['&&', '||']),
          left: expression('bool', depth - 1),
          right: expression('bool', depth - 1),
        };
      }
      const left = expression('int', depth - 1);
      return { operator: oneOf(dice, ['<', '>=', '==', '!=']), left, right: oneOf(dice, ['x', 'y', '3', '7']) };
    }
    if (depth > 0 && choice < 7) {
      const left = expression('int', depth - 1);
      return { operator: oneOf(dice, ['+', '-', '^']), left, right: expression('int', depth - 1) };
    }
    return oneOf(dice, ['x', 'y', 'acc', 't.n', 'n', String(dice.below(12))]);
  };
  let variables = 0;
  const block = (depth: number, inLoop: boolean): Statement[] =>
    Array.from({ length: 1 + dice.below(3) }, () => statements(depth, inLoop)).flat();
  const statements = (depth: number, inLoop: boolean): Statement[] => {
    const onOneLine = dice.below(3) === 0;
    switch (dice.below(depth > 0 ? 12 : 5)) {
      case 0:
        return [{ text: ['acc += ', expression('int', 2), ''] }];
      case 1:
        return [{ text: [`${oneOf(dice, ['x', 'y', 't.m'])} = `, expression('int', 2), ''] }];
      case 2:
        return [{ text: ['use(', expression('int', 2), ')'] }];
      case 3:
        return [{ text: ['acc -= ', expression('int', 1), ''] }];
      case 4: {
        // Needed on one way only: the compiler moves it there.
        const name = `v${variables++}`;
        const used: Statement = { text: [`acc += ${name} + `, expression('int', 1), ''] };
        return [
          { text: [`${name} := `, expression('int', 2), ''] },
          { text: ['if ', expression('bool', 1), ' {'], body: [used], onOneLine },
        ];
      }
      case 5:
      case 6:
      case 7:
        return [{ text: ['if ', expression('bool', 2), ' {'], body: block(depth - 1, inLoop), onOneLine }];
      case 8:
        return [
          {
            text: ['if ', expression('bool', 2), ' {'],
            body: block(depth - 1, inLoop),
            otherwise: block(depth - 1, inLoop),
            onOneLine,
          },
        ];
      case 9: {
        const name = `i${variables++}`;
        const body = block(depth - 1, true);
        return [
          {
            text: [`for ${name} := 0; ${name} < `, `n&3 + ${1 + dice.below(3)}`, `; ${name}++ {`],
            body,
            onOneLine: false,
          },
        ];
      }
      case 10: {
        const name = `i${variables++}`;
        const guard: Statement = {
          text: [`if ${name}++; ${name} > 4 { break }; acc += ${name} + `, expression('int', 1), ''],
        };
        const body = [guard, ...block(depth - 1, true)];
        return [
          { text: [`${name} := 0; _ = `, name, ''] },
          { text: ['for ', expression('bool', 1), ' {'], body, onOneLine: false },
        ];
      }
      default: {
        const leave = inLoop ? oneOf(dice, ['break', 'continue', 'return acc']) : 'return acc';
        const body: Statement[] = [{ text: ['acc ^= ', expression('int', 1), ''] }, { text: [leave, '', ''] }];
        return [{ text: ['if ', expression('bool', 1), ' {'], body, onOneLine }];
      }
    }
  };
  return { statements: Array.from({ length: 3 + dice.below(3) }, () => statements(3, false)).flat(), calls };
}

/** @param twin number of the scenario whose calls are counted; undefined: the calls are the real ones */
function emitScenario(lines: string[], name: string, { statements }: Scenario, twin: number | undefined): void {
  lines.push('//go:noinline', `func ${name}(t *T, n, x, y int) int {`, 'acc := n');
  let line = '';
  const flush = () => {
    if (line !== '') lines.push(line);
    line = '';
  };
  const textOf = (expression: Expression): string => {
    if (typeof expression === 'string') return expression;
    if ('operator' in expression) {
      return `(${textOf(expression.left)} ${expression.operator} ${textOf(expression.right)})`;
    }
    const { callee, args } = expression;
    if (twin === undefined) expression.line = lines.length + 1;
    const [a, b] = args.map(textOf);
    return twin === undefined
      ? `${callee.name}(t, ${a}, ${b})`
      : `c${callee.name}(t, ${a}, ${b}, ${twin}, ${expression.line})`;
  };
  const emit = (statement: Statement, joined: boolean) => {
    const [before, expression, behind] = statement.text;
    line += `${before}${textOf(expression)}${behind}`;
    if (!('body' in statement)) {
      if (joined) line += '; ';
      else flush();
      return;
    }
    const isJoined = joined || statement.onOneLine;
    if (!isJoined) flush();
    for (const inner of statement.body) emit(inner, isJoined);
    if (statement.otherwise !== undefined) {
      line += '} else {';
      if (!isJoined) flush();
      for (const inner of statement.otherwise) emit(inner, isJoined);
    }
    line += '}';
    if (joined) line += '; ';
    else flush();
  };
  for (const statement of statements) emit(statement, false);
  lines.push('return acc', '}', '');
}

const header = (generics: boolean) => `package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

${generics ? '' : '// Without generics.'}
type T struct {
	n, m int
	list [8]int
	next *T
}

type call struct {
	name    string
	s, line int
}

var counts = map[call]int{}
var sunk int

//go:noinline
func count(name string, s, line int) { counts[call{name, s, line}]++ }

//go:noinline
func use(value int) { sunk += value }
`;

function mainSource(functions: number): string {
  const run = (prefix: string) =>
    Array.from(
      { length: functions },
      (_, index) => `{ t := &T{n: k, m: 2}; out += ${prefix}${index}(t, k, k*3-7, 5-k) + t.n }`,
    );
  return `
//go:noinline
func real(k int) (out int) {
${run('s').join('\n')}
return
}

//go:noinline
func twins(k int) (out int) {
${run('r').join('\n')}
return
}

func main() {
	fmt.Println("ready", os.Getpid())
	bufio.NewReader(os.Stdin).ReadString('\\n')
	first, second := 0, 0
	for k := -3; k < 9; k++ { first += real(k) }
	for k := -3; k < 9; k++ { second += twins(k) }
	type row struct { Name string; Scenario, Line, Count int }
	rows := []row{}
	for c, n := range counts { rows = append(rows, row{c.name, c.s, c.line, n}) }
	text, _ := json.Marshal(map[string]interface{}{"same": first == second, "rows": rows})
	fmt.Println(string(text))
	bufio.NewReader(os.Stdin).ReadString('\\n')
}`;
}
