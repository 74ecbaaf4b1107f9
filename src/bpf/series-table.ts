import { type BatchRoom, batchRoom, readBatches } from './batch-read.ts';
import { BpfError } from './bpf-error.ts';
import type { Libbpf } from './libbpf.ts';
import {
  bodySizesLayout,
  durationBounds,
  exponentialTables,
  mostSizeBounds,
  seriesKeyLayout,
  seriesLayout,
  seriesRest,
  wideSeriesLayout,
} from './map-layout.ts';

/** Values that the kernel has sorted, summed over the CPUs since the series began. */
export interface SortedTotals {
  /** By bucket: of values up to each bound, and above the last. */
  readonly counts: readonly number[];
  /** The same values by the buckets of an exponential histogram; undefined: none is kept. */
  readonly exponential?: readonly number[] | undefined;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** Of calls with the same labels. */
export interface SeriesTotals {
  /** In nanoseconds. */
  readonly durations: SortedTotals;
  /** Of the calls of which they are known; undefined: of none. */
  readonly requestBytes: SortedTotals | undefined;
  readonly responseBytes: SortedTotals | undefined;
}

/** Bytes of struct series_key; valid only while it is handed out. */
export type SeriesKey = Uint8Array;

/** The kernel's histograms of calls that were not sampled. */
export interface SeriesTable {
  /** Makes the probe's series for what has none of its own: then its calls are counted also when the table is full. */
  open(probe: number): void;
  /** Hands all series out that have calls. */
  read(onSeries: (key: SeriesKey, totals: SeriesTotals) => void): void;
  /** Takes the probes' series out. */
  close(firstProbe: number, count: number): void;
}

/** Most series besides one for each probe: those of 20 services with 400 each, 10 MB on two CPUs. */
export const maxSeries = 8192;
/** The same with exponential histograms, of which each takes ten times as much: 28 MB on two CPUs. */
export const maxWideSeries = 2048;

/** The kernel allocates memory of all CPUs ahead, and a worker of its own more when that is used up. */
const noMemory = 12;
const mostTries = 500;
const pauseMs = 2;
const nothing = new Int32Array(new SharedArrayBuffer(4));

/** Bounds of exponential histograms' buckets, of durations in ns and of sizes in bytes: the first is 0. */
export interface ExponentialBounds {
  readonly durations: BigUint64Array;
  readonly sizes: BigUint64Array;
}

/** struct exponential_bounds. @throws RangeError for more or fewer than the kernel's buckets have */
export function exponentialBytes({ durations, sizes }: ExponentialBounds): Uint8Array {
  const { buckets, bounds, sizeBuckets, sizeBounds } = exponentialTables;
  if (durations.length !== buckets - 1 || sizes.length !== sizeBuckets - 1) {
    throw new RangeError(`Exponential histograms have ${buckets} and ${sizeBuckets} buckets`);
  }
  const values = new BigUint64Array(bounds + sizeBounds).fill(2n ** 64n - 1n);
  values.set(durations);
  values.set(sizes, bounds);
  return new Uint8Array(values.buffer);
}

/**
 * The tables of bounds, as `duration_bounds` has them.
 * @param sizes those of bodies, in bytes
 * @throws RangeError for more or longer ones than it can hold
 */
export function boundsBytes(tables: readonly (readonly number[])[], sizes: readonly number[]): Uint8Array {
  const row = durationBounds.most + 1;
  const most = durationBounds.tables - 1;
  if (tables.length > most || tables.some(({ length }) => length > durationBounds.most)) {
    throw new RangeError(`At most ${most} histograms of ${durationBounds.most} bounds`);
  }
  if (sizes.length > mostSizeBounds) throw new RangeError(`At most ${mostSizeBounds} bounds of sizes`);
  const values = new BigUint64Array(durationBounds.tables * row).fill(2n ** 64n - 1n);
  const write = (bounds: readonly number[], table: number) =>
    bounds.forEach((bound, index) => {
      values[table * row + index] = BigInt(Math.round(bound));
    });
  tables.forEach(write);
  write(sizes, most);
  return new Uint8Array(values.buffer);
}

/**
 * @param fds of the tables; a series may be in both
 * @param isWide the values are struct wide_series
 */
export function seriesTable(
  libbpf: Libbpf,
  fds: { readonly series: number; readonly spilled: number },
  cpus: number,
  isWide: boolean,
): SeriesTable {
  const entryBytes = (isWide ? wideSeriesLayout : seriesLayout).sizeBytes;
  const tables = [
    { name: 'spilled_series', fd: fds.spilled, cpus: 1 },
    { name: 'series', fd: fds.series, cpus },
  ].map((table) => ({ ...table, room: undefined as BatchRoom | undefined }));

  function eachKey(onKey: (fd: number, key: SeriesKey, values: DataView, cpus: number) => void): void {
    for (const table of tables) {
      const { name, fd, cpus } = table;
      table.room ??= batchRoom(seriesKeyLayout.sizeBytes, cpus * entryBytes);
      readBatches(libbpf, fd, name, table.room, (key, values) => onKey(fd, key, values, cpus));
    }
  }

  return {
    open(probe) {
      const key = new Uint8Array(seriesKeyLayout.sizeBytes);
      const view = new DataView(key.buffer);
      view.setUint32(seriesKeyLayout.probe, probe, true);
      view.setUint16(seriesKeyLayout.end, seriesRest, true);
      const value = new Uint8Array(cpus * entryBytes);
      let result = libbpf.updateElement(fds.series, key, value, 0);
      for (let tries = 1; result === -noMemory && tries < mostTries; tries++) {
        Atomics.wait(nothing, 0, 0, pauseMs);
        result = libbpf.updateElement(fds.series, key, value, 0);
      }
      if (result !== 0) throw new BpfError(`Making a series of durations for probe ${probe}`, -result);
    },
    read(onSeries) {
      const spilled = new Map<string, { readonly key: SeriesKey; readonly totals: SeriesTotals }>();
      eachKey((fd, key, value, cpus) => {
        const totals = summed(value, cpus, isWide);
        if (totals === undefined) return;
        const name = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
        if (fd === fds.spilled) {
          spilled.set(name, { key: key.slice(), totals });
          return;
        }
        onSeries(key, together(totals, spilled.get(name)?.totals));
        spilled.delete(name);
      });
      for (const { key, totals } of spilled.values()) onSeries(key, totals);
    },
    close(firstProbe, count) {
      const own: { readonly fd: number; readonly key: Uint8Array }[] = [];
      eachKey((fd, key) => {
        const probe = new DataView(key.buffer, key.byteOffset).getUint32(seriesKeyLayout.probe, true);
        if (probe >= firstProbe && probe < firstProbe + count) own.push({ fd, key: key.slice() });
      });
      for (const { fd, key } of own) libbpf.deleteElement(fd, key);
    },
  };
}

function together(a: SeriesTotals, b: SeriesTotals | undefined): SeriesTotals {
  if (b === undefined) return a;
  return {
    durations: sum(a.durations, b.durations),
    requestBytes:
      a.requestBytes && b.requestBytes ? sum(a.requestBytes, b.requestBytes) : (a.requestBytes ?? b.requestBytes),
    responseBytes:
      a.responseBytes && b.responseBytes ? sum(a.responseBytes, b.responseBytes) : (a.responseBytes ?? b.responseBytes),
  };
}

function sum(a: SortedTotals, b: SortedTotals): SortedTotals {
  const added = (counts: readonly number[], more: readonly number[] = []) =>
    counts.map((count, bucket) => count + (more[bucket] ?? 0));
  return {
    counts: added(a.counts, b.counts),
    exponential: a.exponential && added(a.exponential, b.exponential),
    sum: a.sum + b.sum,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}

function summed(view: DataView, cpus: number, isWide: boolean): SeriesTotals | undefined {
  const { sum_ns: sum, min_ns: min, max_ns: max, counts, sizes } = seriesLayout;
  const { exponential_counts: exponential, exponential_sizes: exponentialSizes } = wideSeriesLayout;
  const { buckets, sizeBuckets } = exponentialTables;
  const entry = { cpus, bytes: view.byteLength / cpus };
  const durations = summedAt(view, entry, { sum, min, max, counts }, durationBounds.most);
  if (durations === undefined) return undefined;
  const bytesOf = (body: number) => {
    const at = sizes + body * bodySizesLayout.sizeBytes;
    const { sum, min, max, counts } = bodySizesLayout;
    const place = { sum: at + sum, min: at + min, max: at + max, counts: at + counts };
    const totals = summedAt(view, entry, place, mostSizeBounds);
    if (totals === undefined || !isWide) return totals;
    return {
      ...totals,
      exponential: summedCounts(view, entry, exponentialSizes + 8 * body * sizeBuckets, sizeBuckets),
    };
  };
  return {
    durations: isWide ? { ...durations, exponential: summedCounts(view, entry, exponential, buckets) } : durations,
    requestBytes: bytesOf(0),
    responseBytes: bytesOf(1),
  };
}

/** A value of each CPU, of so many bytes, one behind the other. */
interface PerCpu {
  readonly cpus: number;
  readonly bytes: number;
}

/** @param place offsets in struct series */
function summedAt(
  view: DataView,
  { cpus, bytes }: PerCpu,
  place: { readonly sum: number; readonly min: number; readonly max: number; readonly counts: number },
  bounds: number,
): SortedTotals | undefined {
  const counts = summedCounts(view, { cpus, bytes }, place.counts, bounds + 1);
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = 0;
  for (let cpu = 0; cpu < cpus; cpu++) {
    const at = cpu * bytes;
    sum += number(view, at + place.sum);
    const least = number(view, at + place.min);
    if (least > 0) min = Math.min(min, least - 1);
    max = Math.max(max, number(view, at + place.max));
  }
  return counts.every((count) => count === 0) ? undefined : { counts, sum, min, max };
}

function summedCounts(view: DataView, { cpus, bytes }: PerCpu, at: number, buckets: number): number[] {
  const counts = new Array<number>(buckets).fill(0);
  for (let cpu = 0; cpu < cpus; cpu++) {
    for (let bucket = 0; bucket < buckets; bucket++) {
      counts[bucket] = (counts[bucket] as number) + number(view, cpu * bytes + at + 8 * bucket);
    }
  }
  return counts;
}

/** Sums of nanoseconds pass 2^53 after 104 days: then they are not exact to the nanosecond. */
function number(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
