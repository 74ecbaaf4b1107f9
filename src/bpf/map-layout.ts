/**
 * Keys and values of the BPF maps, as bpf/event.h and bpf/maps.h declare them: offsets and sizes in bytes, little-endian.
 * Names are those of the C fields, so that test/bpf/wire-format.test.ts can compare each with the object's BTF.
 */

export const siteLayout = {
  sizeBytes: 56,
  vaddr: 0,
  action: 8,
  flags: 12,
  process_slot: 16,
  probe: 20,
  function: 24,
  plan: 28,
  frame_bytes: 32,
  group: 36,
  label_plan: 40,
  object: 44,
  object_at: 48,
  generation: 52,
} as const;

export const probeLayout = {
  sizeBytes: 40,
  flags: 0,
  abandoned_plan: 4,
  abandoned_label_plan: 8,
  bounds: 12,
  context: 16,
  failure: 24,
} as const;

export const failureLayout = { sizeBytes: 12, code: 0, set: 1, text: 2, code_from: 4, codes: 8 } as const;

/** `at` is an array of two u16. */
export const contextPlaceLayout = { sizeBytes: 8, base: 0, first: 1, second: 2, hops: 3, at: 4 } as const;

/** `key` and `headers` are context_place. */
export const outgoingSiteLayout = {
  sizeBytes: 28,
  key: 0,
  headers: 8,
  headers_kind: 16,
  buffer_at: 20,
  written_at: 22,
  error_at: 24,
  parameter_at: 26,
} as const;

export const formatPlacesLayout = { sizeBytes: 4, trace_id: 0, span_id: 1, sampled: 2 } as const;

/** `places` is an array of format_places, `text` bytes. */
export const headersTextLayout = { sizeBytes: 280, size: 0, formats: 4, places: 8, is_block: 20, text: 24 } as const;

/** `lines` and `block` are headers_text. */
export const outgoingSettingsLayout = { sizeBytes: 576, lines: 0, block: 280, lengths: 560, names: 568 } as const;

export const outgoingCountersLayout = {
  sizeBytes: 72,
  passed: 0,
  written: 8,
  stateless: 16,
  present: 24,
  no_room: 32,
  no_call: 40,
  unsearched: 48,
  refused: 56,
  fault: 64,
} as const;

/** `waits` is an array of bytes. */
export const processLayout = {
  sizeBytes: 600,
  g_goid: 0,
  g_stack_hi: 4,
  g_panic: 8,
  panic_fp: 12,
  map_kind: 16,
  generation: 20,
  g_recovery_sp: 24,
  thread_g: 28,
  constants_vaddr: 32,
  constants_bytes: 40,
  g_parent_goid: 48,
  parents: 52,
  g_wait_reason: 56,
  waits: 64,
  context_types: 128,
  context_ends: 192,
  context_itabs: 216,
  known_keys: 344,
} as const;

export const captureStepLayout = { sizeBytes: 16, op: 0, a: 1, b: 2, c: 4, imm: 8 } as const;

export const planStringLayout = { sizeBytes: 64, size_bytes: 0, bytes: 8 } as const;

export const dynamicTypeKeyLayout = { sizeBytes: 16, process_slot: 0, type_vaddr: 8 } as const;

export const dynamicTypeLayout = { sizeBytes: 16, id: 0, plan: 4, size_bytes: 8, direct: 12 } as const;

export const settingsLayout = {
  sizeBytes: 80,
  pid_namespace_device: 0,
  pid_namespace_inode: 8,
  wakeup_bytes: 16,
  capture_limit: 20,
  goroutine_slots: 24,
  captures_per_second: 28,
  sampler: 32,
  traces_per_second: 36,
  body_sizes: 40,
  goroutine_times: 44,
  timed_hits: 48,
  keep: 52,
  keep_slower_ns: 56,
  request_phases: 64,
  messages: 68,
  exponential: 72,
  trace_states: 76,
} as const;

export const samplingLayout = { sizeBytes: 24, threshold: 0, configured: 8, parent_threshold: 16 } as const;

export const pressureLayout = { sizeBytes: 24, window: 0, offered: 8, lost: 16 } as const;

/** struct series_key: of calls that the kernel counts together. `labels` and `text` are bytes. */
export const seriesKeyLayout = {
  sizeBytes: 152,
  probe: 0,
  end: 4,
  text_status: 6,
  text_bytes: 7,
  labels: 8,
  text: 24,
} as const;

/** struct text_shape: of a text what stands before its first literal. `text` is bytes. */
export const textShapeLayout = { sizeBytes: 248, text_bytes: 0, text_status: 1, text: 8 } as const;

export const textStatus = { none: 0, whole: 1, cut: 2 } as const;

/** SERIES_REST, in place of how the call ended. */
export const seriesRest = 255;

/** `counts` is an array of DURATION_BOUNDS + 1 u64, `sizes` one of two struct body_sizes. */
export const seriesLayout = { sizeBytes: 584, sum_ns: 0, min_ns: 8, max_ns: 16, counts: 24, sizes: 280 } as const;

/** `counts` is an array of SIZE_BOUNDS + 1 u64. */
export const bodySizesLayout = { sizeBytes: 152, sum: 0, min: 8, max: 16, counts: 24 } as const;

/** `exponential_counts` is an array of EXPONENTIAL_BUCKETS u64, `exponential_sizes` one of two of EXPONENTIAL_SIZE_BUCKETS. */
export const wideSeriesLayout = {
  sizeBytes: 6792,
  series: 0,
  exponential_counts: 584,
  exponential_sizes: 4184,
} as const;

/** EXPONENTIAL_BUCKETS and EXPONENTIAL_SIZE_BUCKETS; the lengths of the tables of their bounds. */
export const exponentialTables = { buckets: 450, bounds: 512, sizeBuckets: 163, sizeBounds: 256 } as const;

/** GENERATION_NONE, CHANGE_BEGUN and CHANGE_DONE: of `process.generation`. */
export const siteGeneration = { none: 0xffff_ffff, changeBegun: 0x4000_0000, changeDone: 0x8000_0000 } as const;

export const samplerFlag = { parent: 1 } as const;

export const keepFlag = { errors: 1, slow: 2 } as const;

/** DURATION_BOUNDS and BOUNDS_TABLES */
export const durationBounds = { most: 31, tables: 8 } as const;

/** SIZE_BOUNDS; they stand in the last of the tables. */
export const mostSizeBounds = 15;

export const goroutineKeyLayout = { sizeBytes: 16, process_slot: 0, goid: 8 } as const;

/** `frame` is an array of INLINE_FRAMES frames. */
export const goroutineLayout = { sizeBytes: 784, frames: 0, skipped: 4, panicking: 8, frame: 16, noted: 640 } as const;

export const goroutineSlotLayout = { sizeBytes: 1824, owner: 0, elsewhere: 8, goroutine: 16, kept: 800 } as const;

export const frameLayout = {
  sizeBytes: 104,
  start_ns: 0,
  span_id: 24,
  probe: 72,
  group: 74,
  function: 76,
  depth: 80,
  flags: 84,
  kept_at: 86,
  kept_words: 87,
  labels: 88,
  threshold: 96,
} as const;

export const overflowKeyLayout = { sizeBytes: 16, process_slot: 0, index: 4, goid: 8 } as const;

export const keptCallKeyLayout = { sizeBytes: 16, process_slot: 0, object: 8 } as const;

export const keptCallLayout = { sizeBytes: 112, frame: 0, goid: 104 } as const;

export const frameFlag = { ended: 128, unsampled: 1024 } as const;

export const inlineFrames = 6;

/** Bytes of a frame's labels: the first of a key's. */
export const entryLabels = 8;

/** Programs that may be preempted on one CPU by another one at the same time (SCRATCH_BUFFERS). */
export const scratchBuffers = 4;

/** `ended` is an array of five u64, by enum call_end. */
export const probeCountersLayout = {
  sizeBytes: 224,
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
  sampled_out: 120,
  unpaired_unsampled: 128,
  shed: 136,
  uncounted: 144,
  unlabelled: 152,
  times_ring_full: 160,
  times_no_room: 168,
  phases_ring_full: 176,
  phases_no_room: 184,
  panics_ring_full: 192,
  contexts_no_room: 200,
  messages_no_room: 208,
  time_ns: 216,
} as const;
