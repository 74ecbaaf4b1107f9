export type SamplerName =
  | 'always_on'
  | 'always_off'
  | 'traceidratio'
  | 'parentbased_always_on'
  | 'parentbased_always_off'
  | 'parentbased_traceidratio';

export interface SamplerOptions {
  readonly name: SamplerName;
  /** Share of traces that the `*traceidratio` samplers keep, 0 to 1. */
  readonly ratio: number;
}

/** OTEL_TRACES_SAMPLER as the kernel decides it, at the first call of each trace (bpf/sampling.h). */
export interface SamplingPolicy {
  /** The decision that came with a traceparent holds for its trace. */
  readonly parentBased: boolean;
  /** Of 2^32 traces so many are not kept. */
  readonly threshold: number;
}

/** Traces that a threshold tells apart: it is compared with the first 32 of the 56 random bits of a trace id. */
const ALL = 2 ** 32;

/**
 * OpenTelemetry's consistent probability sampling: of all trace ids those with the lowest random numbers are not kept, so that
 * services with other ratios agree about a trace as far as they can.
 */
export function samplingPolicy({ name, ratio }: SamplerOptions): SamplingPolicy {
  const root = name.replace('parentbased_', '');
  const share = root === 'always_on' ? 1 : root === 'always_off' ? 0 : Math.min(1, Math.max(0, ratio));
  return { parentBased: name !== root, threshold: Math.round((1 - share) * ALL) };
}

/**
 * The threshold as `th` of the member `ot` in a tracestate has it: 56 bits as hex digits, without zeros at the end.
 * Undefined: every trace passed.
 */
export function thresholdText(threshold: number): string | undefined {
  if (threshold === 0) return undefined;
  return threshold.toString(16).padStart(8, '0').replace(/0+$/, '');
}
