/** The round trip: a random program is built, traced as people trace, and every value compared. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { uncertainReason, unlistedReason } from '../../src/probe/signature/stack-places.ts';
import { type GoToolchain, goEnvironment, goToolchain, minorOf } from '../support/go-toolchain.ts';
import { traceJson } from '../support/trace-json.ts';
import { compareParameter, newTally, say, type Tally } from './compare-value.ts';
import { type ExpectedFunction, type GoProgram, randomProgram } from './go-program.ts';

const run = promisify(execFile);

export interface TruthOptions {
  /** As of goToolchain; left out: the installed one. */
  readonly go?: string | undefined;
  /** For the compiler, e.g. 'all=-N -l'. */
  readonly gcflags?: string | undefined;
  /** Without debug information: the signatures are written in the patterns. */
  readonly stripped?: boolean | undefined;
  readonly functions: number;
  readonly seed: number;
  /** Keeps the program here. */
  readonly folder?: string | undefined;
}

export interface TruthRun {
  readonly functions: number;
  readonly calls: number;
  readonly tally: Tally;
}

/** So many functions of one run have their values followed to the usual depth. */
const functionsAtOnce = 250;

export async function traceRandomValues(options: TruthOptions): Promise<TruthRun> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'sidespan-truth-')));
  try {
    const toolchain = await goToolchain(options.go);
    const minor = minorOf(toolchain);
    const program = randomProgram(options.seed, options.functions, {
      generics: minor >= 18,
      described: options.stripped === true,
    });
    const executable = await build(program, folder, toolchain, options);
    const tally = newTally();
    let calls = 0;
    for (let first = 0; first < options.functions; first += functionsAtOnce) {
      const last = Math.min(options.functions, first + functionsAtOnce);
      calls += compareCalls(
        executable,
        program.functions.slice(first, last),
        [first, last],
        minor,
        options.stripped === true,
        tally,
      );
    }
    return { functions: options.functions, calls, tally };
  } finally {
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function build(
  program: GoProgram,
  folder: string,
  toolchain: GoToolchain,
  { gcflags = '', stripped = false }: TruthOptions,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of program.files) await writeFile(join(folder, name), text);
  const executable = join(folder, 'truth');
  await run(
    toolchain.go,
    ['build', `-gcflags=${gcflags}`, `-ldflags=${stripped ? '-s -w' : ''}`, '-o', executable, '.'],
    {
      cwd: folder,
      env: goEnvironment(toolchain),
      maxBuffer: 16 << 20,
    },
  );
  return executable;
}

/** Releases before it leave parameters without a name out of the debug information, with or without optimization. */
const firstListingBlanks = 22;

/** It sorts parameters by their place on the stack: of two at the same one, the first has no size. */
const lastSorting = 16;

/** It leaves out results too. */
const forgetful = 17;

/** Returns how many calls were seen. */
function compareCalls(
  executable: string,
  functions: readonly ExpectedFunction[],
  range: readonly number[],
  minor: number,
  stripped: boolean,
  tally: Tally,
): number {
  const patterns = functions.map(({ name, signature }) => (stripped ? signature : name));
  const { calls, stderr } = traceJson(patterns, [executable, ...range.map(String)]);
  const byName = new Map(calls.map((call) => [call.funcName.replace(/\[.*\]$/, '[...]'), call]));
  for (const { name, args, results } of functions) {
    const call = byName.get(name);
    if (call === undefined) {
      tally.wrong.push(`${name}: not seen. ${stderr.slice(0, 300)}`);
      continue;
    }
    if (stripped && call.source !== 'signature') {
      say('signature not used', tally);
      continue;
    }
    if (!stripped && minor < firstListingBlanks && call.source !== 'dwarf') {
      const hasBlanks = args.some((parameter) => parameter.name === '_');
      say(`function ${hasBlanks ? 'with' : 'that may have'} blank parameters`, tally);
      continue;
    }
    const listed = call.args.filter(({ unavailable }) => unavailable !== unlistedReason);
    if (listed.length < call.args.length) say('parameters without a name', tally);
    for (const [kind, list, all] of [
      ['argument', listed, args],
      ['result', call.results, results],
    ] as const) {
      if (kind === 'result' && minor === forgetful && list.length === 0) {
        if (all.length > 0) say('results of Go 1.17', tally);
        continue;
      }
      const mayLack = !stripped && minor < firstListingBlanks && list.length < all.length;
      const expected = mayLack ? all.filter((parameter) => parameter.name !== '_') : all;
      if (list.length !== expected.length) tally.wrong.push(`${name}: ${list.length} ${kind}s of ${expected.length}`);
      for (const [n, parameter] of expected.entries()) {
        const place = `${name} ${kind} ${n} ${parameter.name}`.trim();
        const named =
          minor <= lastSorting && parameter.name !== ''
            ? list.find((value) => value.name === parameter.name)
            : undefined;
        const value = named ?? list[n];
        if (minor < firstListingBlanks && value?.unavailable === uncertainReason) say(uncertainReason, tally);
        else if (stripped && minor < firstListingBlanks && value?.goType.includes('go.shape.')) say('a shape', tally);
        else compareParameter(value, parameter, place, tally);
      }
    }
  }
  return calls.length;
}
