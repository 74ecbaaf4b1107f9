/** Inlined calls as Sidespan counts them, beside what twins of the functions counted themselves. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { goEnvironment, goToolchain, minorOf } from '../support/go-toolchain.ts';
import { nothingCaptured, traceTarget } from '../support/traced-target.ts';
import { callKey, inlinedProgram } from './inlined-program.ts';

const run = promisify(execFile);

export interface InlinedTruth {
  /** Inlined copies in the program, and those that are counted. */
  readonly copies: number;
  readonly counted: number;
  /** Copies and calls that were compared. */
  readonly compared: number;
  readonly calls: number;
  /** Why others are not counted. */
  readonly reasons: ReadonlyMap<string, number>;
  readonly wrong: readonly string[];
}

export interface InlinedTruthOptions {
  readonly go?: string | undefined;
  readonly functions: number;
  readonly seed: number;
  /** For the compiler: 'all=-l=4' inlines more. */
  readonly gcflags?: string | undefined;
  readonly folder?: string | undefined;
}

export async function traceInlined(
  context: Pick<TestContext, 'after'>,
  { go, functions, seed, gcflags, folder: kept }: InlinedTruthOptions,
): Promise<InlinedTruth> {
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'sidespan-inlined-')));
  if (kept === undefined) context.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(folder, { recursive: true });
  const toolchain = await goToolchain(go);
  const program = inlinedProgram({ seed, functions, generics: minorOf(toolchain) >= 18 });
  for (const [name, text] of program.files) await writeFile(join(folder, name), text);
  const executable = join(folder, 'inlined');
  await run(toolchain.go, ['build', ...(gcflags === undefined ? [] : [`-gcflags=${gcflags}`]), '-o', executable, '.'], {
    cwd: folder,
    env: goEnvironment(toolchain),
    maxBuffer: 16 << 20,
  });

  const received = new Map<number, number>();
  const target = await traceTarget(context as TestContext, executable, [], {
    patterns: ['main.f*', 'main.b*'],
    limits: nothingCaptured,
    onCall: ({ probe, end }) => {
      const index = probe - target.process.firstProbe;
      if (end === 'inlined') received.set(index, (received.get(index) ?? 0) + 1);
    },
  });
  target.tell();
  const report = JSON.parse(await target.line()) as {
    same: boolean;
    rows: { Name: string; Scenario: number; Line: number; Count: number }[];
  };
  const { plan } = target.process;
  const { counters } = target.tracer.detach(target.process);
  const wrong: string[] = report.same ? [] : ['the twins compute something else'];

  const expected = new Map<string, number>();
  for (const { Name, Scenario, Line, Count } of report.rows)
    expected.set(callKey(Name, `main.s${Scenario}`, Line), Count);
  const seen = new Map<string, { copies: number; count: number }>();
  let counted = 0;
  for (const [index, { description }] of plan.probes.entries()) {
    const { inlined, functionName } = description;
    if (inlined === undefined || !/^main\.s\d+$/.test(inlined.into)) continue;
    counted++;
    const key = callKey(functionName.replace(/\[.*$/, ''), inlined.into, inlined.calledAt?.line ?? 0);
    const sum = seen.get(key) ?? { copies: 0, count: 0 };
    const { seen: hits = 0, ended, ringFull = 0 } = counters[index] ?? {};
    seen.set(key, { copies: sum.copies + 1, count: sum.count + hits });
    if (ended?.[0] !== hits || (received.get(index) ?? 0) + ringFull !== hits)
      wrong.push(`${key}: calls without a record`);
  }
  let compared = 0;
  let calls = 0;
  for (const [key, { copies, count }] of seen) {
    // Of several on a line the compiler may have dropped some, or some may not be countable: nobody knows which.
    if (copies !== program.occurrences.get(key)) continue;
    compared += copies;
    calls += count;
    const right = expected.get(key) ?? 0;
    if (count !== right) wrong.push(`${key}: ${count} of ${right} calls`);
  }
  const reasons = new Map<string, number>();
  let copies = counted;
  for (const { notCounted } of plan.report.inlined) {
    for (const { reason, places } of notCounted) {
      reasons.set(reason, (reasons.get(reason) ?? 0) + places);
      copies += places;
    }
  }
  return { copies, counted, compared, calls, reasons, wrong };
}
