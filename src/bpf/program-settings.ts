import { statSync } from 'node:fs';
import type { KernelSideOptions } from './kernel-side.ts';
import { keepFlag, samplerFlag, settingsLayout } from './map-layout.ts';

/**
 * Unread bytes at which a record wakes the agent; below, its timer finds them. An eighth of the ring leaves room for
 * what comes while it wakes.
 */
const wakeupShare = 8;

/** BUCKET_STREAMS of bpf/maps.h. */
const bucketStreams = 4;

/** Two places for each goroutine that may be within a call, in a power of two of buckets; 0 where messages are not counted. */
export function messageBuckets({ countMessages, maxGoroutines }: KernelSideOptions): number {
  return countMessages ? 2 ** Math.ceil(Math.log2(Math.max(1, (2 * maxGoroutines) / bucketStreams))) : 0;
}

/** Requests with a tracestate that may have begun since one whose requests it is still to be passed on to. */
const keptTraceStates = 8192;

export function traceStates({ passTraceState }: KernelSideOptions): number {
  return passTraceState ? keptTraceStates : 0;
}

/** struct settings: what is fixed before the programs are loaded. @param goroutineSlots those that goroutines own */
export function settingsBytes(options: KernelSideOptions, goroutineSlots: number): Uint8Array {
  const bytes = new Uint8Array(settingsLayout.sizeBytes);
  const view = new DataView(bytes.buffer);
  const namespace = statSync('/proc/self/ns/pid', { bigint: true });
  view.setBigUint64(settingsLayout.pid_namespace_device, namespace.dev, true);
  view.setBigUint64(settingsLayout.pid_namespace_inode, namespace.ino, true);
  view.setUint32(settingsLayout.wakeup_bytes, options.ringBytes / wakeupShare, true);
  view.setUint32(settingsLayout.capture_limit, options.captureBytes, true);
  view.setUint32(settingsLayout.goroutine_slots, goroutineSlots, true);
  view.setUint32(settingsLayout.captures_per_second, options.capturesPerSecond ?? 0, true);
  view.setUint32(settingsLayout.traces_per_second, options.sampling?.tracesPerSecond ?? 0, true);
  view.setUint32(settingsLayout.body_sizes, options.sizeBounds === undefined ? 0 : 1, true);
  view.setUint32(settingsLayout.goroutine_times, options.goroutineTimes ? 1 : 0, true);
  view.setUint32(settingsLayout.request_phases, options.requestPhases ? 1 : 0, true);
  const { errors = false, slowerThanNs } = options.keep ?? {};
  const keep = (errors ? keepFlag.errors : 0) | (slowerThanNs === undefined ? 0 : keepFlag.slow);
  view.setUint32(settingsLayout.timed_hits, options.timedHits ?? 0, true);
  view.setUint32(settingsLayout.messages, messageBuckets(options), true);
  view.setUint32(settingsLayout.exponential, options.exponential ? 1 : 0, true);
  view.setUint32(settingsLayout.trace_states, traceStates(options), true);
  view.setUint32(settingsLayout.keep, keep, true);
  view.setBigUint64(settingsLayout.keep_slower_ns, BigInt(slowerThanNs ?? 0), true);
  view.setUint32(settingsLayout.sampler, options.sampling?.parentBased ? samplerFlag.parent : 0, true);
  return bytes;
}
