import type { SamplingPolicy } from '../telemetry/sampler.ts';
import { ALL_KEPT, nextShare, type SamplingShare, sharedThresholds } from '../telemetry/sampling-share.ts';
import type { Tracer } from '../tracer/tracer.ts';
import type { Log } from './log.ts';

export interface SamplingControlOptions {
  readonly policy: SamplingPolicy;
  /** Undefined: no limit. */
  readonly tracesPerSecond: number | undefined;
  readonly ringBytes: number;
}

const intervalMs = 1000;

/** Looks once a second at what the ring and the agent can take, and lets the kernel keep fewer traces meanwhile. */
export function controlSampling(tracer: Tracer, options: SamplingControlOptions, log: Log): Disposable {
  const { policy, tracesPerSecond, ringBytes } = options;
  let share: SamplingShare = ALL_KEPT;
  let before = tracer.kernel.sampling.pressure();
  let lookedMs = performance.now();

  function look(): void {
    const now = tracer.kernel.sampling.pressure();
    const nowMs = performance.now();
    const pressure = {
      elapsedMs: nowMs - lookedMs,
      ringFill: tracer.pendingBytes / ringBytes,
      lost: now.lost - before.lost,
      offered: now.offered - before.offered,
    };
    before = now;
    lookedMs = nowMs;
    const next = nextShare(share, pressure, tracesPerSecond);
    if (next.overload === share.overload && next.limit === share.limit) return;
    say(next, pressure.lost);
    share = next;
    tracer.kernel.sampling.setThresholds(sharedThresholds(policy.threshold, share));
  }

  function say(next: SamplingShare, lost: number): void {
    if (next.overload < 1 && share.overload === 1) {
      const why = lost > 0 ? `${lost} records found no room in the ring` : 'the ring is nearly full';
      log.warn(`overload: ${why}. Fewer traces are kept until it has room; metrics stay exact`);
    } else if (next.overload === 1 && share.overload < 1) {
      log.info('no overload any more: traces are kept as configured');
    }
  }

  const timer = setInterval(look, intervalMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
