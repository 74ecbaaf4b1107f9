/**
 * Buckets of exponential histograms: the upper bound of the bucket with index i is 2^((i + 1) / 2^scale), inclusive.
 * https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
export interface ExponentialBuckets {
  readonly scale: number;
  /** Of the bucket behind that of 0. */
  readonly firstIndex: number;
  /**
   * Of each bucket the largest whole number of parts of the unit that is in it: the first is 0, and the last bucket has no
   * bound. What is measured are whole parts, so these numbers sort them as exactly as the bounds would.
   */
  readonly bounds: BigUint64Array;
}

/** Of seconds, in nanoseconds: eight a power of two (9 % wide), from one nanosecond to two years. */
export const durationBuckets = (): ExponentialBuckets => exponentialBuckets(3, -240, 2 ** 26, 10n ** 9n);

/** Of bytes: four a power of two (19 % wide), from one byte to a TiB. */
export const sizeBuckets = (): ExponentialBuckets => exponentialBuckets(2, -1, 2 ** 40, 1n);

function exponentialBuckets(scale: number, firstIndex: number, largest: number, parts: bigint): ExponentialBuckets {
  const root = 2 ** scale;
  const last = Math.log2(largest) * root - 1;
  const bounds = [0n];
  for (let index = firstIndex; index <= last; index++) bounds.push(wholeBound(index + 1, root, parts));
  return { scale, firstIndex, bounds: BigUint64Array.from(bounds) };
}

/** parts * 2^(exponent / root), rounded down: the largest n with n^root <= parts^root * 2^exponent. */
function wholeBound(exponent: number, root: number, parts: bigint): bigint {
  const up = BigInt(Math.max(0, exponent));
  const down = BigInt(Math.max(0, -exponent));
  const isWithin = (n: bigint) => (n ** BigInt(root)) << down <= (parts ** BigInt(root)) << up;
  let n = BigInt(Math.floor(Number(parts) * 2 ** (exponent / root)));
  while (!isWithin(n)) n--;
  while (isWithin(n + 1n)) n++;
  return n;
}

/** The first bucket whose bound is not below. @param bounds ascending */
export function bucketOf(bounds: Float64Array, parts: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bounds[middle] as number) < parts) low = middle + 1;
    else high = middle;
  }
  return low;
}
