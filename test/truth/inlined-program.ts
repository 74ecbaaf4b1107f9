/**
 * Go programs full of calls that the compiler inlines, in all positions that matter for counting them: conditions, loops,
 * branches, values used later or on one way only, calls within inlined calls. Each function that has them has a twin, in which
 * the same calls count themselves and are not inlined.
 */
import { createDice } from './dice.ts';
import { type Callee, emitCallee, newCallee } from './inlined-callee.ts';
import { type Call, emitScenario, newScenario } from './inlined-scenario.ts';

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
