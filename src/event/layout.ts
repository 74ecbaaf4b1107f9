/**
 * Records of the ring buffer as bpf/event.h declares them: offsets and sizes in bytes, little-endian, field names of the C
 * structs. test/bpf/wire-format.test.ts compares them with the object's BTF.
 */

export const recordKind = {
  arguments: 1,
  call: 2,
  process: 3,
  moreArguments: 4,
  note: 5,
  times: 6,
  panic: 7,
  recovery: 8,
  phases: 9,
} as const;

export const recordHeaderLayout = { sizeBytes: 16, kind: 0, process_slot: 4, probe: 8, capture_bytes: 12 } as const;

export const argumentsRecordLayout = { sizeBytes: 32, header: 0, goid: 16, span_id: 24 } as const;

export const callRecordLayout = {
  sizeBytes: 88,
  header: 0,
  goid: 16,
  start_ns: 24,
  end_ns: 32,
  trace_id: 40,
  span_id: 56,
  parent_span_id: 64,
  end: 72,
  arguments_bytes: 74,
  flags: 76,
  threshold: 80,
  frame_index: 84,
} as const;

/** `ns` is an array of u64, by enum goroutine_activity or, in records of kind `phases`, by enum request_phase. */
export const timesRecordLayout = { sizeBytes: 96, header: 0, goid: 16, span_id: 24, ns: 32 } as const;

export const panicRecordLayout = { sizeBytes: 40, header: 0, goid: 16, time_ns: 24, depth: 32, frames: 36 } as const;

export const processRecordLayout = { sizeBytes: 24, header: 0, change: 16, pid: 20 } as const;

export const processChange = { exec: 1, exit: 2 } as const;

export const callFlag = {
  argumentsSent: 1,
  argumentsLost: 2,
  remoteParent: 4,
  sampled: 8,
  captureLimited: 16,
  remoteTrace: 32,
  notCaptured: 64,
  b3Parent: 128,
  parentByContext: 256,
  parentByStart: 512,
  keptError: 1024,
  keptSlow: 2048,
} as const;

/** By enum call_end. */
export const callEnds = ['returned', 'panic', 'goexit', 'goroutine end', 'unpaired'] as const;
