import { BpfError } from './bpf-error.ts';
import type { Libbpf } from './libbpf.ts';
import { pressureLayout, samplingLayout } from './map-layout.ts';

/** How the kernel decides, at the first call of a trace, whether it is kept. */
export interface SamplingOptions {
  /** The decision that came with a traceparent holds. */
  readonly parentBased: boolean;
  /** Of 2^32 traces so many are not kept: those with the lowest random numbers in their ids. */
  readonly threshold: number;
  /** Most traces that begin here and are kept in a second; undefined: no limit. */
  readonly tracesPerSecond?: number | undefined;
}

/** What the agent lets go of, on top of what the sampler does. */
export interface SamplingThresholds {
  readonly threshold: number;
  /** The same for traces that a parent has decided to keep. */
  readonly parentThreshold: number;
}

/** Since the start. */
export interface SamplingPressure {
  /** Traces that the sampler would keep; counted only with a limit. */
  readonly offered: number;
  /** Records that found no room in the ring. */
  readonly lost: number;
}

/** What user space and kernel tell each other about sampling. */
export interface SamplingTable {
  /** From now on. */
  setThresholds(thresholds: SamplingThresholds): void;
  pressure(): SamplingPressure;
}

const firstKey = new Uint8Array(4);

/** @param configured the threshold without overload and limit */
export function samplingTable(
  libbpf: Libbpf,
  maps: { readonly sampling: number; readonly pressure: number },
  configured: number,
): SamplingTable {
  return {
    setThresholds({ threshold, parentThreshold }) {
      const value = new Uint8Array(samplingLayout.sizeBytes);
      const view = new DataView(value.buffer);
      view.setBigUint64(samplingLayout.threshold, BigInt(threshold), true);
      view.setBigUint64(samplingLayout.configured, BigInt(configured), true);
      view.setBigUint64(samplingLayout.parent_threshold, BigInt(parentThreshold), true);
      const result = libbpf.updateElement(maps.sampling, firstKey, value, 0);
      if (result !== 0) throw new BpfError('Setting the sampling thresholds', -result);
    },
    pressure() {
      const value = new Uint8Array(pressureLayout.sizeBytes);
      const result = libbpf.lookupElement(maps.pressure, firstKey, value);
      if (result !== 0) throw new BpfError('Reading the BPF table pressure', -result);
      const view = new DataView(value.buffer);
      return {
        offered: Number(view.getBigUint64(pressureLayout.offered, true)),
        lost: Number(view.getBigUint64(pressureLayout.lost, true)),
      };
    },
  };
}
