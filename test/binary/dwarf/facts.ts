/** What Go's own debug/dwarf finds in an executable: test/targets/dwarffacts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { goTarget } from '../../support/go-target.ts';

/** `home`: where it is at the function's entry: `r0/8 r3/8` DWARF registers, `@16` from the call frame's address. */
export type ParameterFact = readonly [name: string, isResult: boolean, type: string, home: string];
export type FunctionFact = readonly ['func', name: string, entryVaddr: number, parameters: readonly ParameterFact[]];
export type FieldFact = readonly [name: string, offsetBytes: number, type: string, embedded: boolean];
export type StructFact = readonly ['struct', name: string, sizeBytes: number, fields: readonly FieldFact[]];

export interface DwarfFacts {
  readonly functions: readonly FunctionFact[];
  readonly structs: readonly StructFact[];
}

export async function dwarfFacts(executable: string): Promise<DwarfFacts> {
  const child = spawn(await goTarget('dwarffacts'), [executable], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const functions: FunctionFact[] = [];
  const structs: StructFact[] = [];
  for await (const line of createInterface(child.stdout)) {
    const fact = JSON.parse(line) as FunctionFact | StructFact;
    if (fact[0] === 'func') functions.push(fact);
    else structs.push(fact);
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`dwarffacts ${executable} ended with ${code}`);
  return { functions, structs };
}
