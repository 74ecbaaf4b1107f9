import type { BootTime, Call } from './call.ts';
import { callFlag, callRecordLayout } from './layout.ts';

/** What a call's record says besides its captures (bpf/event.h, struct call_record). */

export function traceSampled(flags: number): boolean | undefined {
  return (flags & callFlag.remoteTrace) === 0 ? undefined : (flags & callFlag.sampled) !== 0;
}

export function keptBy(flags: number): Call['kept'] {
  if ((flags & callFlag.keptError) !== 0) return 'error';
  return (flags & callFlag.keptSlow) === 0 ? undefined : 'slow';
}

export function parentBy(flags: number): Call['parentBy'] {
  if ((flags & callFlag.parentByContext) !== 0) return 'context';
  return (flags & callFlag.parentByStart) === 0 ? undefined : 'goroutine start';
}

export function remoteParent(flags: number): Call['remoteParent'] {
  if ((flags & callFlag.remoteParent) === 0) return undefined;
  return { sampled: traceSampled(flags), format: (flags & callFlag.b3Parent) === 0 ? 'traceparent' : 'b3' };
}

/** Trace id, span id and parent's span id lie behind one another: one call into native code for the three. */
export function idsAt(bytes: Buffer, offset: number): string {
  const start = offset + callRecordLayout.trace_id;
  return bytes.toString('hex', start, start + 32);
}

export function hasParent(view: DataView, offset: number): boolean {
  const at = offset + callRecordLayout.parent_span_id;
  return view.getUint32(at, true) !== 0 || view.getUint32(at + 4, true) !== 0;
}

/** goids count up from 1: never near 2^53. */
export function readSafe(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
}

/** 2^32 ns are 4 s and 294967296 ns. */
export function bootTime(view: DataView, offset: number): BootTime {
  const high = view.getUint32(offset + 4, true);
  const nanoseconds = high * 294_967_296 + view.getUint32(offset, true);
  return [high * 4 + Math.floor(nanoseconds / 1e9), nanoseconds % 1e9];
}

/** Exact up to 104 days. */
export function distanceNs(view: DataView, start: number, end: number): number {
  const high = view.getUint32(end + 4, true) - view.getUint32(start + 4, true);
  return high * 2 ** 32 + (view.getUint32(end, true) - view.getUint32(start, true));
}
