import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { goToolchain } from '../support/go-toolchain.ts';
import { jaegerExecutable, jaegerWithDebugInformation } from '../support/jaeger.ts';
import { below, type Figure, numberText } from './figure.ts';
import { type Planning, planning } from './planning.ts';

/** The same work each time: what takes longer than the quickest is the machine's. */
const rounds = 3;

interface Reading {
  readonly found: string;
  readonly durationMs: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** Of the whole process, Node.js and its reading of TypeScript included. */
  readonly peakBytes: number;
}

function read(job: string, path: string): Reading {
  const program = join(import.meta.dirname, 'binary-reading.ts');
  // As bin/sidespan starts what looks at a file and ends.
  const flags = ['--min-semi-space-size=16', '--max-semi-space-size=16'];
  return JSON.parse(execFileSync(process.execPath, [...flags, program, '--job', job, path]).toString()) as Reading;
}

/** Listing the functions of large executables and planning a trace, each in a process of its own. */
export async function binaries(quick: boolean): Promise<Figure[]> {
  return [...(await listings(quick)), ...(quick ? [] : await plans())];
}

/** What a trace of ten functions costs before it attaches, and a listing with all that is known of each function. */
async function plans(): Promise<Figure[]> {
  const kinds = [
    { kind: 'with DWARF', path: await jaegerWithDebugInformation(), belowMs: 1000 },
    { kind: 'stripped', path: await jaegerExecutable(), belowMs: 500 },
  ];
  const figures: Figure[] = [];
  for (const { kind, path, belowMs } of kinds) {
    const plans: Planning[] = [];
    const listings: Reading[] = [];
    for (let round = 0; round < rounds; round++) {
      plans.push(await planning(path));
      listings.push(read('listing with signatures', path));
    }
    const [plan, listing] = [quickest(plans), quickest(listings)];
    figures.push(
      {
        what: `planning a trace of 10 functions, jaeger ${kind}`,
        unit: 'ms',
        measured: plan.durationMs,
        target: below(belowMs),
        note: `${plan.found}; ${timesText(plans)}; the process was ready ${numberText(Math.round(plan.startMs))} ms after its start`,
      },
      {
        what: 'peak memory of that process',
        unit: 'MB',
        measured: Math.max(...plans.map(({ peakMb }) => peakMb)),
        target: below(200),
      },
      {
        what: `listing every function with signature, jaeger ${kind}`,
        unit: 'ms',
        measured: listing.durationMs,
        target: below(3000),
        note: `${listing.found}; ${timesText(listings)}; peak ${numberText(Math.round(listing.peakBytes / 1e6))} MB`,
      },
    );
  }
  return figures;
}

async function listings(quick: boolean): Promise<Figure[]> {
  const paths = [(await goToolchain()).go, ...(quick ? [] : [await jaegerWithDebugInformation()])];
  return paths.flatMap((path): Figure[] => {
    const sizeMb = statSync(path).size / 1e6;
    const name = `${path.split('/').at(-1)}, ${sizeMb.toFixed(0)} MB`;
    const whole = read('whole file read', path);
    const listing = read('listing by pattern', path);
    const lines = read('listing with lines', path);
    return [
      {
        what: `listing functions of ${name}`,
        unit: 'ms',
        measured: listing.durationMs,
        baseline: { value: whole.durationMs, of: 'reading the whole file' },
        target: below(3000),
        note: `${listing.found}; with a source line for each ${numberText(Math.round(lines.durationMs))} ms`,
      },
      {
        what: `memory for that`,
        unit: 'MB',
        measured: listing.rssBytes / 1e6,
        baseline: { value: whole.rssBytes / 1e6, of: 'the whole file in memory' },
        target: below(Math.max(50, sizeMb)),
      },
    ];
  });
}

interface Timed {
  readonly durationMs: number;
  readonly cpuMs: number;
}

function quickest<T extends Timed>(rounds: readonly T[]): T {
  return rounds.reduce((least, round) => (round.durationMs < least.durationMs ? round : least));
}

function timesText(rounds: readonly Timed[]): string {
  const list = (of: keyof Timed) => rounds.map((round) => numberText(Math.round(round[of]))).join(', ');
  return `the least of ${list('durationMs')} ms, CPU time ${list('cpuMs')} ms`;
}
