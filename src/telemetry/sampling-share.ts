/** How much the agent and the ring can take, as of the last look. */
export interface Pressure {
  readonly elapsedMs: number;
  /** Of the ring, unread: 0 to 1. */
  readonly ringFill: number;
  /** Records that found no room since the last look. */
  readonly lost: number;
  /** Traces since then that the sampler would keep; counted only with a limit. */
  readonly offered: number;
}

/** What of the sampler's traces is kept, 0 to 1. */
export interface SamplingShare {
  /** By overload: of all traces, also of those that a parent has decided to keep. */
  readonly overload: number;
  /** By the limit of traces a second: of those that begin here. */
  readonly limit: number;
}

export const ALL_KEPT: SamplingShare = { overload: 1, limit: 1 };

/** A ring that is fuller than this does not get empty by itself. */
const SHORT_FILL = 0.75;
/** Below this there is room for more. */
const CALM_FILL = 0.25;
const LESS = 0.5;
/** From half to all in seven looks. */
const MORE = 1.1;
const LEAST = 2 ** -16;

/**
 * The share of traces from now on. Halved at each look at which the ring is short, or records were lost; then a tenth more
 * each time. To the limit it is what would have kept so many of the traces offered.
 */
export function nextShare(
  share: SamplingShare,
  pressure: Pressure,
  tracesPerSecond: number | undefined,
): SamplingShare {
  const { ringFill, lost, offered, elapsedMs } = pressure;
  const isShort = lost > 0 || ringFill > SHORT_FILL;
  const factor = isShort ? LESS : ringFill < CALM_FILL ? MORE : 1;
  const overload = Math.min(1, Math.max(LEAST, share.overload * factor));
  const offeredPerSecond = elapsedMs > 0 ? (offered * 1000) / elapsedMs : 0;
  const limit =
    tracesPerSecond === undefined || offeredPerSecond <= tracesPerSecond ? 1 : tracesPerSecond / offeredPerSecond;
  return { overload, limit };
}

const ALL = 2 ** 32;

/** The thresholds of a policy's threshold with that share: of so many of 2^32 traces none is kept. */
export function sharedThresholds(
  policyThreshold: number,
  { overload, limit }: SamplingShare,
): { readonly threshold: number; readonly parentThreshold: number } {
  const kept = (ALL - policyThreshold) * Math.min(overload, limit);
  return { threshold: ALL - Math.round(kept), parentThreshold: ALL - Math.round(ALL * overload) };
}
