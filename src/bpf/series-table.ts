import { BpfError } from './bpf-error.ts';
import type { Libbpf } from './libbpf.ts';
import { durationBounds, seriesKeyLayout, seriesLayout, seriesRest } from './map-layout.ts';

/** Durations of calls with the same labels, summed over the CPUs since the series began. */
export interface SeriesTotals {
  /** By bucket: of durations up to each bound, and above the last. */
  readonly counts: readonly number[];
  readonly sumNs: number;
  readonly minNs: number;
  readonly maxNs: number;
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

/** Most series besides one for each probe: those of 20 services with 400 each, 5 MB on two CPUs. */
export const maxSeries = 8192;
/** Of keys that have no bucket of the kernel's table in common more than this many: it says ENOSPC then. */
const batchKeys = 512;
const noEntry = 2;

/** The tables of bounds, as `duration_bounds` has them. @throws RangeError for more or longer ones than it can hold */
export function boundsBytes(tables: readonly (readonly number[])[]): Uint8Array {
  const row = durationBounds.most + 1;
  if (tables.length > durationBounds.tables || tables.some(({ length }) => length > durationBounds.most)) {
    throw new RangeError(`At most ${durationBounds.tables} histograms of ${durationBounds.most} bounds`);
  }
  const values = new BigUint64Array(durationBounds.tables * row).fill(2n ** 64n - 1n);
  tables.forEach((bounds, table) => {
    bounds.forEach((bound, index) => {
      values[table * row + index] = BigInt(Math.round(bound));
    });
  });
  return new Uint8Array(values.buffer);
}

export function seriesTable(libbpf: Libbpf, fd: number, cpus: number): SeriesTable {
  const valueBytes = cpus * seriesLayout.sizeBytes;
  const keys = new Uint8Array(batchKeys * seriesKeyLayout.sizeBytes);
  let values: Uint8Array | undefined;

  function eachKey(onKey: (key: SeriesKey, values: DataView) => void): void {
    values ??= new Uint8Array(batchKeys * valueBytes);
    const position = new Uint8Array(8);
    const count = new Uint32Array(1);
    for (let first = true; ; first = false) {
      count[0] = batchKeys;
      const result = libbpf.lookupBatch(fd, first ? null : position, position, keys, values, count);
      if (result !== 0 && result !== -noEntry) throw new BpfError('Reading the BPF table series', -result);
      for (let index = 0; index < count[0]; index++) {
        const start = index * seriesKeyLayout.sizeBytes;
        onKey(
          keys.subarray(start, start + seriesKeyLayout.sizeBytes),
          new DataView(values.buffer, index * valueBytes, valueBytes),
        );
      }
      if (result !== 0) break;
    }
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
  const counts = new Array<number>(durationBounds.most + 1).fill(0);
  let calls = 0;
  let sumNs = 0;
  let minNs = Number.POSITIVE_INFINITY;
  let maxNs = 0;
  for (let cpu = 0; cpu < cpus; cpu++) {
    const at = cpu * seriesLayout.sizeBytes;
    for (let bucket = 0; bucket < counts.length; bucket++) {
      const count = number(view, at + seriesLayout.counts + 8 * bucket);
      counts[bucket] = (counts[bucket] as number) + count;
      calls += count;
    }
    sumNs += number(view, at + seriesLayout.sum_ns);
    const min = number(view, at + seriesLayout.min_ns);
    if (min > 0) minNs = Math.min(minNs, min - 1);
    maxNs = Math.max(maxNs, number(view, at + seriesLayout.max_ns));
  }
  return calls === 0 ? undefined : { counts, sumNs, minNs, maxNs };
}

/** Sums of nanoseconds pass 2^53 after 104 days: then they are not exact to the nanosecond. */
function number(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
