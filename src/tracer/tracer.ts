import type { GoBinary } from '../binary/go-binary.ts';
import { openGoBinary } from '../binary/open-go-binary.ts';
import { BpfError } from '../bpf/bpf-error.ts';
import { type KernelSide, openKernelSide } from '../bpf/kernel-side.ts';
import { seriesKeyLayout } from '../bpf/map-layout.ts';
import type { ProbeCounters } from '../bpf/probe-counters.ts';
import type { SeriesKey, SeriesTotals } from '../bpf/series-table.ts';
import type { TargetProcess } from '../discovery/process.ts';
import { createCallDecoder } from '../event/call-decoder.ts';
import { type CallGroup, openCallGroup } from '../event/call-group.ts';
import { ChunkReader } from '../event/chunk-reader.ts';
import { decodeFields } from '../event/decode-fields.ts';
import { createTextCache } from '../event/text-cache.ts';
import type { ProbePlan } from '../probe/probe-plan.ts';
import { createRedaction } from '../redaction/redaction.ts';
import { loadedModules, type PlannedModule, planModules } from './loaded-modules.ts';
import { type AttachOptions, attachProcess, type TracedProcess } from './traced-process.ts';
import { TracerError } from './tracer-error.ts';
import type { TracerOptions } from './tracer-options.ts';

/** A process with the plan of its probes. */
export interface PlannedProcess {
  readonly target: TargetProcess;
  /** Of the executable alone. */
  readonly plan: ProbePlan;
  /** Plugins of which some function is traced. */
  readonly modules: readonly PlannedModule[];
  readonly options: AttachOptions;
}

/** What becomes known when a process is let go. */
export interface DetachedProcess {
  /** Final, by the plan's probes. */
  readonly counters: readonly ProbeCounters[];
  /** Calls that still ran when the probes were taken out. */
  readonly stillRunning: readonly number[];
}

/** Attaches to processes and hands out their calls as they end. */
export interface Tracer extends Disposable {
  readonly kernel: KernelSide;
  readonly processes: ReadonlySet<TracedProcess>;
  /** Why `onProcessChange` is never called: the kernel does not tell, /proc has to be read. */
  readonly unwatched: BpfError | undefined;
  /** Reads the binary and plans its probes. @throws BinaryError, TracerError: this process can't be traced, others can */
  plan(target: TargetProcess, options?: AttachOptions): Promise<PlannedProcess>;
  /** Installs the plan and attaches. @throws BinaryError, TracerError, BpfError: this process can't be traced, others can */
  attach(planned: PlannedProcess): TracedProcess;
  /** Takes the probes out, reads what is left in the ring, forgets the process. */
  detach(process: TracedProcess): DetachedProcess;
  counters(process: TracedProcess): ProbeCounters[];
  /** Hands out what the kernel has counted of calls whose records it did not send; `probe` is an index of the plan. */
  readSeries(onSeries: (process: TracedProcess, probe: number, key: SeriesKey, totals: SeriesTotals) => void): void;
  /** Hands out the calls that are open now, with what was read at their entry. */
  eachOpenCall(onCall: (process: TracedProcess, probe: number, call: CallGroup) => void): void;
  /** Takes every record out of the ring that is there now. */
  drain(): void;
  /** Bytes in the ring that have not been read. */
  readonly pendingBytes: number;
}

/** With one call a second, it is seen after this time at most; the kernel wakes us earlier when much comes. */
const pollIntervalMs = 50;

/**
 * Records handled in one turn of the event loop, some milliseconds. A batch on its way to the receiver needs several turns:
 * with 4096 records in each, a saturated service kept the exporter from sending anything until the load was over.
 */
const recordsPerTurn = 256;

/** Of arguments that were sent ahead and wait for the call's end: a request's are some 500 bytes, and most wait in the kernel. */
const pendingBytesEach = 256;
const leastPendingBytes = 16 << 20;

/** @throws BpfError: nothing can be traced here */
export function createTracer(options: TracerOptions): Tracer {
  using undo = new DisposableStack();
  const decoding = { redaction: createRedaction(options.plan.redaction), texts: createTextCache() };
  const kernel = undo.use(
    openKernelSide({
      ...options,
      goroutineTimes: options.plan.goroutineTimes,
      requestPhases: options.plan.requestPhases,
      countMessages: options.plan.countMessages,
    }),
  );
  const processes = new Set<TracedProcess>();
  const bySlot: (TracedProcess | undefined)[] = [];
  /** Gives its files back. */
  const filesOf = new Map<TracedProcess, Disposable>();
  const binaries = new Map<string, { readonly binary: GoBinary; plan?: ProbePlan; users: number }>();

  const decoder = createCallDecoder({
    maxPendingBytes: Math.max(leastPendingBytes, pendingBytesEach * options.maxGoroutines),
    meaningOf: (slot, probe) => {
      const process = bySlot[slot];
      return process?.meanings[probe - process.firstProbe];
    },
    onCall: (call) => {
      const process = bySlot[call.processSlot];
      if (process !== undefined) options.onCall(call, process);
    },
    onProcess: (change, pid) => {
      if (change === 'exec') for (const process of processes) if (process.target.pid === pid) process.started();
      options.onProcessChange?.(pid);
    },
    onUndecodable: (slot, probe, reason) => {
      const process = bySlot[slot];
      options.onUndecodable(process, process === undefined ? probe : probe - process.firstProbe, reason);
    },
  });

  let again: NodeJS.Immediate | undefined;
  const turn = () => {
    const records = kernel.ring.drain(decoder.record, recordsPerTurn);
    if (records === recordsPerTurn)
      again ??= setImmediate(() => {
        again = undefined;
        turn();
      });
  };
  undo.adopt(setInterval(turn, pollIntervalMs), clearInterval);
  undo.defer(() => clearImmediate(again));
  let watching: Disposable | undefined;
  let unwatched: BpfError | undefined;
  try {
    kernel.ring.onWakeup(turn);
    watching = kernel.watchProcesses();
  } catch (error) {
    if (!(error instanceof BpfError)) throw error;
    unwatched = error;
  }

  /** Processes of one executable share what was read of it. */
  function useBinary(identity: string, path: string): GoBinary {
    const known = binaries.get(identity);
    if (known !== undefined) {
      known.users += 1;
      return known.binary;
    }
    const binary = openGoBinary(path);
    binaries.set(identity, { binary, users: 1 });
    return binary;
  }

  function releaseBinary(identity: string): void {
    const known = binaries.get(identity);
    if (known === undefined) return;
    known.users -= 1;
    if (known.users > 0) return;
    binaries.delete(identity);
    known.binary[Symbol.dispose]();
  }

  const drain = () => {
    while (kernel.ring.drain(decoder.record, recordsPerTurn) > 0);
  };
  const countersOf = (process: TracedProcess) =>
    process.plan.probes.map((_, index) => kernel.counters(process.firstProbe + index));

  const tracer: Tracer = {
    kernel,
    processes,
    unwatched,
    async plan(target, attachOptions = {}) {
      const path = pathOf(target, attachOptions);
      const loaded = attachOptions.beforeExecOf === undefined ? loadedModules(target) : [];
      const hasModules = loaded.length > 0;
      const known = hasModules ? undefined : binaries.get(target.exeIdentity)?.plan;
      const { value: plan, unavailable } =
        known === undefined ? await options.planner.plan(path, { ...options.plan, hasModules }) : { value: known };
      if (plan === undefined) throw new TracerError(target.pid, unavailable, 'It is left alone.');
      const { planned, problems } = await planModules(loaded, path, options.planner, options.plan);
      return { target, plan: withNotes(plan, problems), modules: planned, options: attachOptions };
    },
    attach({ target, plan, modules, options: attachOptions }) {
      using used = new DisposableStack();
      const use = (identity: string, path: string) => {
        const binary = useBinary(identity, path);
        used.defer(() => releaseBinary(identity));
        return binary;
      };
      const binary = use(target.exeIdentity, pathOf(target, attachOptions));
      const open = modules.map((module) => ({ ...module, binary: use(module.identity, module.openPath) }));
      const process = attachProcess(kernel, target, binary, plan, {
        ...attachOptions,
        ...decoding,
        textShape: kernel.textShape,
        modules: open,
      });
      // For the next process of the same file, without what the kernel refused of it.
      const known = binaries.get(target.exeIdentity);
      if (known !== undefined && modules.length === 0) known.plan = process.plan;
      processes.add(process);
      bySlot[process.slot] = process;
      filesOf.set(process, used.move());
      return process;
    },
    detach(process) {
      process.detach();
      drain();
      const counters = countersOf(process);
      options.onDetach?.(process);
      const open = process.forget();
      decoder.forget(process.slot);
      processes.delete(process);
      bySlot[process.slot] = undefined;
      filesOf.get(process)?.[Symbol.dispose]();
      filesOf.delete(process);
      return {
        counters,
        stillRunning: counters.map((_, index) => open.byProbe.get(process.firstProbe + index) ?? 0),
      };
    },
    counters: countersOf,
    readSeries(onSeries) {
      kernel.series.read((key, totals) => {
        const probe = new DataView(key.buffer, key.byteOffset).getUint32(seriesKeyLayout.probe, true);
        const process = [...processes].find(
          ({ firstProbe, plan }) => probe >= firstProbe && probe < firstProbe + plan.probes.length,
        );
        if (process !== undefined) onSeries(process, probe - process.firstProbe, key, totals);
      });
    },
    eachOpenCall(onCall) {
      kernel.openFrames((slot, { probe, isUnsampled, labels, spanId, kept }) => {
        const process = bySlot[slot];
        const index = process === undefined ? 0 : probe - process.firstProbe;
        const meaning = process?.meanings[index];
        if (process === undefined || meaning === undefined) return;
        const { context } = meaning;
        const { entryFields } = meaning.probe;
        if (isUnsampled) {
          onCall(process, index, openCallGroup(labels, meaning.probe.labels ?? [], context));
        } else {
          const bytes = kept.length > 0 ? kept : (decoder.argumentsOf(spanId) ?? kept);
          const chunks = new ChunkReader(bytes).start(0, bytes.length);
          const fields = entryFields === undefined ? [] : decodeFields(entryFields, chunks, context, 'not captured');
          onCall(process, index, { end: 'returned', fields, results: [] });
        }
      });
    },
    drain,
    get pendingBytes() {
      return kernel.ring.pendingBytes();
    },
    [Symbol.dispose]: () => {
      using _ = running;
      watching?.[Symbol.dispose]();
      for (const process of [...processes]) tracer.detach(process);
    },
  };
  const running = undo.move();
  return tracer;
}

function withNotes(plan: ProbePlan, notes: readonly string[]): ProbePlan {
  return notes.length === 0 ? plan : { ...plan, report: { ...plan.report, notes: [...plan.report.notes, ...notes] } };
}

function pathOf({ pid }: TargetProcess, { beforeExecOf }: AttachOptions): string {
  return beforeExecOf ?? `/proc/${pid}/exe`;
}
