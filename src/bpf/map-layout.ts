/**
 * Keys and values of the BPF maps, as bpf/event.h and bpf/maps.h declare them: offsets and sizes in bytes, little-endian.
 * Names are those of the C fields, so that test/bpf/wire-format.test.ts can compare each with the object's BTF.
 */

export const siteLayout = {
  sizeBytes: 40,
  vaddr: 0,
  action: 8,
  flags: 12,
  process_slot: 16,
  probe: 20,
  function: 24,
  plan: 28,
  frame_bytes: 32,
  group: 36,
} as const;

export const probeLayout = { sizeBytes: 8, flags: 0, abandoned_plan: 4 } as const;

export const processLayout = {
  sizeBytes: 304,
  g_goid: 0,
  g_stack_hi: 4,
  g_panic: 8,
  panic_fp: 12,
  map_kind: 16,
  detaching: 20,
  g_recovery_sp: 24,
  thread_g: 28,
  constants_vaddr: 32,
  constants_bytes: 40,
  known_keys: 48,
} as const;

export const captureStepLayout = { sizeBytes: 16, op: 0, a: 1, b: 2, c: 4, imm: 8 } as const;

export const planStringLayout = { sizeBytes: 64, size_bytes: 0, bytes: 8 } as const;

export const dynamicTypeKeyLayout = { sizeBytes: 16, process_slot: 0, type_vaddr: 8 } as const;

export const dynamicTypeLayout = { sizeBytes: 16, id: 0, plan: 4, size_bytes: 8, direct: 12 } as const;

export const settingsLayout = {
  sizeBytes: 32,
  pid_namespace_device: 0,
  pid_namespace_inode: 8,
  wakeup_bytes: 16,
  capture_limit: 20,
  goroutine_slots: 24,
  captures_per_second: 28,
} as const;

export const goroutineKeyLayout = { sizeBytes: 16, process_slot: 0, goid: 8 } as const;

/** `frame` is an array of INLINE_FRAMES frames. */
export const goroutineLayout = { sizeBytes: 496, frames: 0, skipped: 4, panicking: 8, frame: 16 } as const;

export const goroutineSlotLayout = { sizeBytes: 1536, owner: 0, elsewhere: 8, goroutine: 16, kept: 512 } as const;

export const frameLayout = {
  sizeBytes: 80,
  start_ns: 0,
  probe: 64,
  group: 66,
  function: 68,
  depth: 72,
  flags: 76,
  kept_at: 78,
  kept_words: 79,
} as const;

export const overflowKeyLayout = { sizeBytes: 16, process_slot: 0, index: 4, goid: 8 } as const;

export const frameFlag = { ended: 128 } as const;

export const inlineFrames = 6;

/** Programs that may be preempted on one CPU by another one at the same time (SCRATCH_BUFFERS). */
export const scratchBuffers = 4;

/** `ended` is an array of five u64, by enum call_end. */
export const probeCountersLayout = {
  sizeBytes: 120,
  seen: 0,
  ended: 8,
  restarts: 48,
  entered_before: 56,
  ring_full: 64,
  goroutine_table_full: 72,
  frame_stack_full: 80,
  scratch_busy: 88,
  no_goroutine: 96,
  arguments_ring_full: 104,
  not_captured: 112,
} as const;
