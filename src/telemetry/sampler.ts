import type { Call } from '../event/call.ts';

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

/** Whether a call's span is kept. Calls of one trace agree, in this and in other processes. */
export type Sampler = (call: Call) => boolean;

/**
 * OTEL_TRACES_SAMPLER. A ratio is decided by the trace id alone, so that a child, which returns before its root and is
 * decided first, is kept exactly if the root is.
 */
export function createSampler({ name, ratio }: SamplerOptions): Sampler {
  const root = rootSampler(name.replace('parentbased_', ''), ratio);
  if (!name.startsWith('parentbased_')) return root;
  return (call) => call.remoteParent?.sampled ?? call.traceSampled ?? root(call);
}

function rootSampler(name: string, ratio: number): Sampler {
  if (name === 'always_off') return () => false;
  if (name === 'always_on') return () => true;
  // Comparing 52 of the 56 random bits that W3C Trace Context level 2 places at the end of a trace id: a number holds
  // them. As in OpenTelemetry's consistent probability sampling, the lowest values are the ones that are not kept.
  const threshold = Math.round((1 - Math.min(1, Math.max(0, ratio))) * 2 ** 52);
  if (threshold === 0) return () => true;
  if (threshold === 2 ** 52) return () => false;
  return (call) => Number.parseInt(call.traceId.slice(18, 31), 16) >= threshold;
}
