/** A Go program of test/targets under the tracer, in this process: its own report beside what the tracer counted. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import type { AttachMode } from '../../src/bpf/attach.ts';
import type { ProbeCounters } from '../../src/bpf/probe-counters.ts';
import { targetByPid } from '../../src/discovery/target.ts';
import type { Call } from '../../src/event/call.ts';
import { type CaptureLimits, defaultCaptureLimits } from '../../src/probe/capture/shape-context.ts';
import { functionPattern } from '../../src/probe/pattern.ts';
import { createPlanner } from '../../src/tracer/planner.ts';
import type { TracedProcess } from '../../src/tracer/traced-process.ts';
import { createTracer, type Tracer } from '../../src/tracer/tracer.ts';
import { start } from './running.ts';

/** Of one function, as the programs print them (test/targets/gate/tally.go). */
export interface Tally {
  readonly calls: number;
  readonly returned: number;
  readonly panicked: number;
  readonly goexited: number;
}

/** A program's last line. */
export interface TargetReport {
  readonly pid: number;
  readonly go: string;
  readonly functions: Readonly<Record<string, Tally>>;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** One traced function as the tracer saw it until the probes were taken out. */
export interface SeenFunction extends ProbeCounters {
  /** Records that were read. */
  readonly received: number;
  readonly stillRunning: number;
}

export interface TracedRun {
  readonly report: TargetReport;
  readonly functions: ReadonlyMap<string, SeenFunction>;
  readonly undecodable: readonly string[];
}

export interface TraceTargetOptions {
  readonly patterns: readonly string[];
  readonly limits?: Partial<CaptureLimits>;
  readonly ringBytes?: number;
  readonly maxGoroutines?: number;
  readonly goroutineSlots?: number;
  readonly attachMode?: AttachMode;
  readonly capturesPerSecond?: number;
  readonly goroutineTimes?: boolean;
  readonly timedHits?: number;
  readonly onCall?: (call: Call, functionName: string) => void;
}

export interface TracedTarget {
  readonly pid: number;
  readonly tracer: Tracer;
  readonly process: TracedProcess;
  /** Writes a line to its standard input: lets the program begin. */
  tell(line?: string): void;
  /** The next line that the program prints. */
  line(): Promise<string>;
  /** Takes the probes out and tells what was seen. */
  detach(): Omit<TracedRun, 'report'>;
}

const planner = createPlanner();

/** Nothing is read of the calls: for tests of counts. */
export const nothingCaptured: Partial<CaptureLimits> = { stringBytes: 0, elements: 0, depth: 0 };

/** Starts the program, held at its gate, and attaches to it. Both end with the test. */
export async function traceTarget(
  context: TestContext,
  executable: string,
  args: readonly string[],
  options: TraceTargetOptions,
): Promise<TracedTarget> {
  const child = start(context, executable, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${executable} ended: ${child.exitCode ?? child.signalCode}`);
    return value as string;
  };
  if (child.pid === undefined) await once(child, 'spawn');
  const ready = await line();
  if (!ready.startsWith('ready ')) throw new Error(`${executable} is not ready: ${ready}`);

  const received = new Map<string, number>();
  const undecodable: string[] = [];
  const limits = { ...defaultCaptureLimits, ...options.limits };
  const tracer = createTracer({
    planner,
    plan: {
      patterns: options.patterns.map(functionPattern),
      presets: [],
      limits,
      goroutineTimes: options.goroutineTimes,
    },
    ringBytes: options.ringBytes ?? 32 << 20,
    maxGoroutines: options.maxGoroutines ?? 65536,
    goroutineSlots: options.goroutineSlots,
    attachMode: options.attachMode,
    captureBytes: limits.captureBytes,
    capturesPerSecond: options.capturesPerSecond,
    timedHits: options.timedHits,
    onCall(call, process) {
      const name = process.plan.probes[call.probe - process.firstProbe]!.description.functionName;
      received.set(name, (received.get(name) ?? 0) + 1);
      options.onCall?.(call, name);
    },
    onUndecodable: (_process, probe, reason) => undecodable.push(`probe ${probe}: ${reason}`),
  });
  context.after(() => tracer[Symbol.dispose]());
  const process = tracer.attach(await tracer.plan(targetByPid(child.pid!)));

  return {
    pid: child.pid!,
    tracer,
    process,
    tell: (text = '') => child.stdin!.write(`${text}\n`),
    line,
    detach() {
      const { counters, stillRunning } = tracer.detach(process);
      const functions = new Map<string, SeenFunction>();
      process.plan.probes.forEach(({ description: { functionName } }, index) => {
        functions.set(functionName, {
          ...counters[index]!,
          received: received.get(functionName) ?? 0,
          stillRunning: stillRunning[index]!,
        });
      });
      return { functions, undecodable };
    },
  };
}

/** Traces the program from its first call to its report. */
export async function traceToEnd(
  context: TestContext,
  executable: string,
  args: readonly string[],
  options: TraceTargetOptions,
): Promise<TracedRun> {
  const target = await traceTarget(context, executable, args, options);
  target.tell();
  const report = JSON.parse(await target.line()) as TargetReport;
  return { report, ...target.detach() };
}

/** The tracer's counts in the program's own words; `returned` and the others as they are read from records and counters. */
export function tallyOf(seen: SeenFunction): Tally {
  const [returned, panicked, goexited] = seen.ended;
  return { calls: seen.seen, returned, panicked, goexited };
}

/** Calls that were seen and are neither read, nor running, nor counted as lost by a reason. */
export function unaccounted(seen: SeenFunction): number {
  const { ringFull, goroutineTableFull, frameStackFull, scratchBusy, noGoroutine } = seen;
  const lost = ringFull + goroutineTableFull + frameStackFull + scratchBusy + noGoroutine;
  return seen.seen - seen.received - lost - seen.stillRunning;
}
