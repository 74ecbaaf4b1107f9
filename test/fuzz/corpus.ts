/** The executables that are damaged, and what they are asked then (batch.ts). */
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';

export interface Base {
  readonly question: 'read' | 'plan' | 'list';
  readonly go: string;
  /** In words, for the table. */
  readonly built: string;
  /** A folder of test/targets. */
  readonly program: string;
  readonly options: GoTargetOptions;
}

const pie: GoTargetOptions = { buildmode: 'pie' };
const stripped: GoTargetOptions = { ldflags: '-s -w' };
/** Damage within a compressed section is found by its checksum; only here it reaches the readers of DWARF. */
const plainDwarf: GoTargetOptions = { ldflags: '-compressdwarf=false' };
const arm64: GoTargetOptions = { env: { GOARCH: 'arm64' } };

/** Each form of the tables; the smallest program that has it. */
export const corpus: readonly Base[] = [
  base('read', '1.15', 'default', {}, 'plain'),
  base('read', '1.16', 'stripped pie', { ...stripped, ...pie }, 'plain'),
  base('read', '1.18', 'default', {}, 'plain'),
  base('read', '1.22', 'stripped', stripped),
  base('read', '1.26', 'pie', pie),
  base('read', '1.27', 'stripped pie', { ...stripped, ...pie }),
  base('plan', '1.15', 'default', {}, 'plain'),
  base('plan', '1.22', 'plain DWARF', plainDwarf),
  base('plan', '1.24', 'pie', pie),
  base('plan', '1.26', 'stripped', stripped),
  base('plan', '1.26', 'arm64', { ...arm64, ...plainDwarf }),
  base('plan', '1.27', 'plain DWARF', plainDwarf),
  base('list', '1.16', 'plain DWARF', plainDwarf, 'plain'),
  base('list', '1.22', 'stripped pie', { ...stripped, ...pie }),
  base('list', '1.25', 'plain DWARF', plainDwarf),
  base('list', '1.26', 'default', {}),
  base('list', '1.27', 'arm64 stripped', { ...arm64, ...stripped }),
];

function base(
  question: Base['question'],
  go: string,
  built: string,
  options: GoTargetOptions,
  program = 'values',
): Base {
  return { question, go, built, program, options: { go, ...options } };
}

/** @returns the executable's path */
export function baseExecutable({ program, options }: Base): Promise<string> {
  return goTarget(program, options);
}
