import { type BatchRoom, batchRoom, readBatches } from './batch-read.ts';
import { BpfError } from './bpf-error.ts';
import type { Libbpf } from './libbpf.ts';
import {
  bodySizesLayout,
  durationBounds,
  mostSizeBounds,
  seriesKeyLayout,
  seriesLayout,
  seriesRest,
} from './map-layout.ts';

/** Values that the kernel has sorted, summed over the CPUs since the series began. */
export interface SortedTotals {
  /** By bucket: of values up to each bound, and above the last. */
  readonly counts: readonly number[];
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

export function seriesTable(libbpf: Libbpf, fd: number, cpus: number): SeriesTable {
  const valueBytes = cpus * seriesLayout.sizeBytes;
  let room: BatchRoom | undefined;

  function eachKey(onKey: (key: SeriesKey, values: DataView) => void): void {
    room ??= batchRoom(seriesKeyLayout.sizeBytes, valueBytes);
    readBatches(libbpf, fd, 'series', room, onKey);
  }

  return {
    open(probe) {
      const key = new Uint8Array(seriesKeyLayout.sizeBytes);
      const view = new DataView(key.buffer);
      view.setUint32(seriesKeyLayout.probe, probe, true);
      view.setUint16(seriesKeyLayout.end, seriesRest, true);
      const result = libbpf.updateElement(fd, key, new Uint8Array(valueBytes), 0);
      if (result !== 0) throw new BpfError(`Making a series of durations for probe ${probe}`, -result);
    },
    read(onSeries) {
      eachKey((key, value) => {
        const totals = summed(value, cpus);
        if (totals !== undefined) onSeries(key, totals);
      });
    },
    close(firstProbe, count) {
      const own: Uint8Array[] = [];
      eachKey((key) => {
        const probe = new DataView(key.buffer, key.byteOffset).getUint32(seriesKeyLayout.probe, true);
        if (probe >= firstProbe && probe < firstProbe + count) own.push(key.slice());
      });
      for (const key of own) libbpf.deleteElement(fd, key);
    },
  };
}

function summed(view: DataView, cpus: number): SeriesTotals | undefined {
  const { sum_ns: sum, min_ns: min, max_ns: max, counts, sizes } = seriesLayout;
  const durations = summedAt(view, cpus, { sum, min, max, counts }, durationBounds.most);
  if (durations === undefined) return undefined;
  const bytesOf = (body: number) => {
    const at = sizes + body * bodySizesLayout.sizeBytes;
    const { sum, min, max, counts } = bodySizesLayout;
    return summedAt(view, cpus, { sum: at + sum, min: at + min, max: at + max, counts: at + counts }, mostSizeBounds);
  };
  return { durations, requestBytes: bytesOf(0), responseBytes: bytesOf(1) };
}

/** @param place offsets in struct series */
function summedAt(
  view: DataView,
  cpus: number,
  place: { readonly sum: number; readonly min: number; readonly max: number; readonly counts: number },
  bounds: number,
): SortedTotals | undefined {
  const counts = new Array<number>(bounds + 1).fill(0);
  let calls = 0;
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = 0;
  for (let cpu = 0; cpu < cpus; cpu++) {
    const at = cpu * seriesLayout.sizeBytes;
    for (let bucket = 0; bucket < counts.length; bucket++) {
      const count = number(view, at + place.counts + 8 * bucket);
      counts[bucket] = (counts[bucket] as number) + count;
      calls += count;
    }
    sum += number(view, at + place.sum);
    const least = number(view, at + place.min);
    if (least > 0) min = Math.min(min, least - 1);
    max = Math.max(max, number(view, at + place.max));
  }
  return calls === 0 ? undefined : { counts, sum, min, max };
}

/** Sums of nanoseconds pass 2^53 after 104 days: then they are not exact to the nanosecond. */
function number(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
