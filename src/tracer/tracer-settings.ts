import type { Config } from '../config/config.ts';
import { defaultCaptureLimits } from '../probe/capture/shape-context.ts';
import { functionPattern } from '../probe/pattern.ts';
import { withoutBodySizes } from '../probe/preset/body-sizes.ts';
import { allPresets } from '../probe/preset/presets.ts';
import { withPropagation } from '../probe/preset/propagation.ts';
import type { TracerOptions } from './tracer.ts';

/** The tracer's settings out of the configuration. @param countSizes of the bodies of calls that are not sampled */
export function tracerSettings(
  config: Config,
  { countSizes } = { countSizes: false },
): Omit<
  TracerOptions,
  | 'planner'
  | 'onCall'
  | 'onProcessChange'
  | 'onDetach'
  | 'onUndecodable'
  | 'sampling'
  | 'durationBoundsNs'
  | 'sizeBounds'
> {
  const { stringBytes, elements, depth, totalBytes, callsPerSecond } = config.capture;
  const presets = allPresets
    .filter(({ library }) => config.presets.some((name) => name === library))
    .map((preset) => (countSizes ? preset : withoutBodySizes(preset)));
  const propagation = { propagators: config.propagators, baggage: config.baggageAttributes.length > 0 };
  return {
    plan: {
      patterns: config.functions.map(functionPattern),
      presets: presets.map((preset) => withPropagation(preset, propagation)),
      limits: { ...defaultCaptureLimits, stringBytes, elements, depth, captureBytes: totalBytes },
      parents: config.goroutineParents,
      maxFunctions: config.maxFunctions,
      countInlined: config.inlined,
      redaction: config.redaction,
    },
    ringBytes: config.ringBytes,
    maxGoroutines: config.maxGoroutines,
    captureBytes: totalBytes,
    capturesPerSecond: callsPerSecond,
    libbpfPath: config.libbpf,
  };
}
