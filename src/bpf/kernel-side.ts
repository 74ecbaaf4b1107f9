import type { WrittenHeaders } from '../probe/outgoing/written-headers.ts';
import { type ArrayTable, arrayTable } from './array-table.ts';
import { type AttachMode, attachSites, type SiteAddress } from './attach.ts';
import { BpfError } from './bpf-error.ts';
import { goroutineTableSizes, openGoroutineSlots } from './goroutine-slots.ts';
import { stringEntries } from './install-strings.ts';
import { loadLibbpf } from './libbpf.ts';
import {
  captureStepLayout,
  durationBounds,
  dynamicTypeKeyLayout,
  dynamicTypeLayout,
  planStringLayout,
  probeCountersLayout,
  probeLayout,
  processLayout,
  seriesLayout,
  siteLayout,
  wideSeriesLayout,
} from './map-layout.ts';
import { loadObject, objectPath } from './object.ts';
import { type OpenCalls, openCalls } from './open-calls.ts';
import { type OpenFrame, openFrames } from './open-frames.ts';
import { type OutgoingSide, openOutgoing } from './outgoing-side.ts';
import { type ProbeCounters, sumCounters } from './probe-counters.ts';
import { recursionMisses } from './program-info.ts';
import { messageBuckets, settingsBytes, traceStates } from './program-settings.ts';
import { siteProgram } from './programs.ts';
import { type RefusedSite, refusedSites } from './refused-sites.ts';
import { openRing, type RingReader } from './ring-reader.ts';
import { type SamplingOptions, type SamplingTable, samplingTable } from './sampling-table.ts';
import {
  boundsBytes,
  type ExponentialBounds,
  exponentialBytes,
  maxSeries,
  maxWideSeries,
  type SeriesTable,
  seriesTable,
} from './series-table.ts';
import { type TextShapes, textShapes } from './text-shapes.ts';

export interface KernelSideOptions {
  /** Power of two, at least a page. */
  readonly ringBytes: number;
  readonly maxGoroutines: number;
  /** Bytes that one call may capture at entry, and again at exit; at most 4096. */
  readonly captureBytes: number;
  /** Calls of each function whose values are read in a second; undefined: all. */
  readonly capturesPerSecond?: number | undefined;
  /** Undefined: every trace is kept. */
  readonly sampling?: SamplingOptions | undefined;
  /**
   * By the kind of a probe: upper bounds of the histogram of its calls that are not sampled, inclusive, ascending. Of
   * other kinds none is kept.
   */
  readonly durationBoundsNs?: Readonly<Record<string, readonly number[]>> | undefined;
  /** One of so many hits is timed; undefined: none. */
  readonly timedHits?: number | undefined;
  /** Of calls that are not sampled some are sent all the same; undefined: none. */
  readonly keep?: KeepOptions | undefined;
  /** Bounds of the histograms of sizes of bodies, in bytes, as those of durations; undefined: sizes are not counted. */
  readonly sizeBounds?: readonly number[] | undefined;
  /** The same durations and sizes are sorted into these buckets too; undefined: they are not. */
  readonly exponential?: ExponentialBounds | undefined;
  /** Whether it is followed what goroutines do while calls run on them. */
  readonly goroutineTimes?: boolean | undefined;
  /** Whether it is followed where the time of HTTP requests goes. */
  readonly requestPhases?: boolean | undefined;
  /** Whether messages of gRPC are counted. */
  readonly countMessages?: boolean | undefined;
  /** Whether a tracestate that came is kept for the requests that go out. */
  readonly passTraceState?: boolean | undefined;
  readonly libbpfPath?: string | undefined;
  /** What is written into requests: one more program, which not every kernel allows. */
  readonly writeHeaders?: WrittenHeaders | undefined;
  /** For tests and measurements: another object, another way of attaching, few slots that goroutines have to share. */
  readonly objectPath?: string | undefined;
  readonly goroutineSlots?: number | undefined;
  readonly attachMode?: AttachMode | undefined;
}

/** Which calls are sent though their trace is not sampled. */
export interface KeepOptions {
  readonly errors: boolean;
  /** Undefined: however long they take. */
  readonly slowerThanNs: number | undefined;
}

/** What runs in the kernel: the loaded programs, their tables and the ring they write to. */
export interface KernelSide extends Disposable {
  readonly attachMode: AttachMode;
  readonly libbpfVersion: string;
  readonly ring: RingReader;
  readonly processes: ArrayTable;
  readonly sites: ArrayTable;
  /** Undefined: nothing is written into requests. */
  readonly outgoing: OutgoingSide | undefined;
  /** Probe 0 is reserved: sites of the process as a whole refer to it. */
  readonly probes: ArrayTable;
  /** Op 0 is reserved: plan 0 captures nothing. */
  readonly planOps: ArrayTable;
  /** The first ones are the names that are looked for in requests into which headers are written. */
  readonly planStrings: ArrayTable;
  putDynamicType(key: Uint8Array, value: Uint8Array): void;
  deleteDynamicType(key: Uint8Array): void;
  /** Attaches the site program; a cookie is an index into `sites`. */
  attach(pid: number, path: string, sites: readonly SiteAddress[]): Disposable;
  /** Those among them at which the kernel allows no probe; it refuses to attach to any because of one. */
  refusedSites(path: string, sites: readonly SiteAddress[]): RefusedSite[];
  /** Makes the ring tell of every exec and exit in the agent's PID namespace. */
  watchProcesses(): Disposable;
  counters(probe: number): ProbeCounters;
  clearCounters(probe: number): void;
  /** Calls that were not sampled. */
  readonly series: SeriesTable;
  /** What the numbers in their labels stand for. */
  readonly textShape: TextShapes;
  /** `probe.bounds` of a kind. */
  boundsTable(kind: string): number;
  readonly sampling: SamplingTable;
  /** Hits that the kernel skipped, of all probes together. */
  recursionMisses(): number;
  openCalls(processSlot: number, options?: { forget: boolean }): OpenCalls;
  /** Hands out the calls of all processes that are open now, but for those that go on with an object. */
  openFrames(onFrame: (processSlot: number, frame: OpenFrame) => void): void;
}

/** Goroutines that wait for a message of gRPC, also those of calls that are not followed; more of them go in silence. */
const leastAwaited = 65_536;

const tableEntries = { sites: 16384, probes: 4096, processes: 256, planOps: 65536, planStrings: 256 } as const;

/** @throws BpfError: no libbpf, missing capabilities, a kernel that is too old */
export function openKernelSide(options: KernelSideOptions): KernelSide {
  const libbpf = loadLibbpf(options.libbpfPath);
  const cpus = libbpf.possibleCpus();
  const sizes = goroutineTableSizes(options.maxGoroutines, cpus, options.goroutineSlots);
  const boundsTables = [...new Set(Object.values(options.durationBoundsNs ?? {}))];
  const mostSeries = options.exponential ? maxWideSeries : maxSeries;
  const object = loadObject(
    libbpf,
    options.objectPath ?? objectPath(),
    {
      sites: tableEntries.sites,
      probes: tableEntries.probes,
      goroutines: sizes.elsewhere,
      goroutineSlots: sizes.slots,
      goroutineTimes: options.goroutineTimes ? sizes.owned : 1,
      requestPhases: options.requestPhases ? sizes.owned : 1,
      messageBuckets: Math.max(1, messageBuckets(options)),
      awaitedMessages: options.countMessages ? Math.max(leastAwaited, options.maxGoroutines) : 1,
      traceStates: Math.max(1, traceStates(options)),
      overflowFrames: 2 * options.maxGoroutines,
      series: options.durationBoundsNs === undefined ? 1 : mostSeries + tableEntries.probes,
      spilledSeries: options.durationBoundsNs === undefined ? 1 : mostSeries,
      seriesBytes: (options.exponential ? wideSeriesLayout : seriesLayout).sizeBytes,
      ring: options.ringBytes,
    },
    {
      settings: settingsBytes(options, sizes.owned),
      bounds: boundsBytes(boundsTables, options.sizeBounds ?? []),
      ...(options.exponential && { exponential: exponentialBytes(options.exponential) }),
    },
    options.attachMode,
  );
  const table = (
    name: keyof typeof tableEntries,
    mapName: string,
    entryBytes: number,
    reserved: number,
    remedy: string,
  ) =>
    arrayTable(libbpf, object.mapFd(mapName), {
      name: mapName,
      entries: tableEntries[name],
      entryBytes,
      reserved,
      remedy,
    });
  const fewer = 'Trace fewer functions: narrow SIDESPAN_FUNCTIONS or lower SIDESPAN_MAX_FUNCTIONS.';
  const headerNames = options.writeHeaders?.names ?? [];
  const planStrings = table(
    'planStrings',
    'plan_strings',
    planStringLayout.sizeBytes,
    headerNames.length,
    'Capture fewer headers.',
  );
  const sampling = samplingTable(
    libbpf,
    { sampling: object.mapFd('sampling'), pressure: object.mapFd('pressure') },
    options.sampling?.threshold ?? 0,
  );
  let ring: RingReader;
  let outgoing: OutgoingSide | undefined;
  try {
    if (options.writeHeaders) {
      outgoing = openOutgoing(libbpf, object, {
        path: objectPath('outgoing'),
        probes: tableEntries.probes,
        settings: settingsBytes(options, sizes.owned),
        headers: options.writeHeaders,
      });
    }
    planStrings.write(0, stringEntries(headerNames));
    sampling.setThresholds({ threshold: options.sampling?.threshold ?? 0, parentThreshold: 0 });
    ring = openRing(object.mapFd('ring'), options.ringBytes);
  } catch (error) {
    outgoing?.[Symbol.dispose]();
    object[Symbol.dispose]();
    throw error;
  }
  const dynamicTypes = object.mapFd('dynamic_types');
  const counters = object.mapFd('counters');
  const goroutines = object.mapFd('goroutines');
  const overflowFrames = object.mapFd('overflow_frames');
  const keptCalls = object.mapFd('kept_calls');
  const program = object.programFd(siteProgram);
  const key = new Uint32Array(1);
  const keyBytes = new Uint8Array(key.buffer);
  const perCpu = new Uint8Array(cpus * probeCountersLayout.sizeBytes);

  return {
    attachMode: object.attachMode,
    libbpfVersion: libbpf.version,
    ring,
    processes: table('processes', 'processes', processLayout.sizeBytes, 0, 'Trace fewer processes with one agent.'),
    sites: table('sites', 'sites', siteLayout.sizeBytes, 0, fewer),
    probes: table('probes', 'probes', probeLayout.sizeBytes, 1, fewer),
    planOps: table('planOps', 'plan_ops', captureStepLayout.sizeBytes, 1, fewer),
    planStrings,
    putDynamicType(keyOfType, value) {
      if (keyOfType.length !== dynamicTypeKeyLayout.sizeBytes || value.length !== dynamicTypeLayout.sizeBytes) {
        throw new BpfError('A dynamic type of the wrong size');
      }
      const result = libbpf.updateElement(dynamicTypes, keyOfType, value, 0);
      if (result !== 0) throw new BpfError('Writing to the BPF table dynamic_types', -result);
    },
    deleteDynamicType: (keyOfType) => void libbpf.deleteElement(dynamicTypes, keyOfType),
    outgoing,
    attach(pid, path, sites) {
      using links = new DisposableStack();
      const own = sites.filter((site) => !site.isOutgoing);
      links.use(attachSites(object.attachMode, program, pid, path, own));
      const writing = sites.filter((site) => site.isOutgoing);
      if (outgoing !== undefined) links.use(attachSites(object.attachMode, outgoing.programFd, pid, path, writing));
      return links.move();
    },
    refusedSites: (path, sites) => refusedSites(object.attachMode, program, path, sites),
    watchProcesses: () => object.attachProcessPrograms(),
    counters(probe) {
      key[0] = probe;
      const result = libbpf.lookupElement(counters, keyBytes, perCpu);
      if (result !== 0) throw new BpfError(`Reading the counters of probe ${probe}`, -result);
      return sumCounters(perCpu, cpus);
    },
    clearCounters(probe) {
      key[0] = probe;
      const result = libbpf.updateElement(counters, keyBytes, new Uint8Array(perCpu.length), 0);
      if (result !== 0) throw new BpfError(`Clearing the counters of probe ${probe}`, -result);
    },
    series: seriesTable(
      libbpf,
      { series: object.mapFd('series'), spilled: object.mapFd('spilled_series') },
      cpus,
      options.exponential !== undefined,
    ),
    textShape: textShapes(libbpf, object.mapFd('text_shapes')),
    boundsTable(kind) {
      const bounds = options.durationBoundsNs?.[kind];
      return bounds === undefined ? durationBounds.tables : boundsTables.indexOf(bounds);
    },
    sampling,
    recursionMisses: () => recursionMisses(program),
    openCalls(processSlot, { forget } = { forget: false }) {
      using slots = openGoroutineSlots(object.mapFd('goroutine_slots'), sizes);
      return openCalls(libbpf, slots, { goroutines, overflowFrames, keptCalls }, processSlot, forget);
    },
    openFrames(onFrame) {
      using slots = openGoroutineSlots(object.mapFd('goroutine_slots'), sizes);
      openFrames(libbpf, slots, { goroutines, overflowFrames }, onFrame);
    },
    [Symbol.dispose]: () => {
      ring[Symbol.dispose]();
      outgoing?.[Symbol.dispose]();
      object[Symbol.dispose]();
    },
  };
}
