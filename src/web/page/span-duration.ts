import type { SpanDetail } from '../api.ts';
import { duration } from './format.ts';

/** Its code is part of another function: only that it was called is known. */
export function isInlined(span: SpanDetail): boolean {
  return span.attributes.some(([key, value]) => key === 'sidespan.ended' && value === 'inlined');
}

export function spanDuration(span: SpanDetail): string {
  return isInlined(span) ? 'inlined' : duration(span.durationNs);
}
