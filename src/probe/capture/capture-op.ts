/**
 * Capture plans: small programs of read operations that the interpreter in BPF runs. Mirror of `enum capture_op`,
 * `struct capture_step` and the limits in bpf/event.h; test/probe/capture/capture-interpreter.ts says in TypeScript what each does.
 */
export const captureOp = {
  end: 0,
  image: 1,
  register: 2,
  stack: 3,
  save: 4,
  saved: 5,
  string: 6,
  pointer: 7,
  pop: 8,
  slice: 9,
  each: 10,
  next: 11,
  interface: 12,
  header: 13,
  context: 14,
  traceparent: 15,
  words: 16,
  map: 17,
  constant: 18,
  label: 19,
  /** Of no plan: see decodeHeader. */
  headerLine: 20,
} as const;

export type CaptureOpCode = (typeof captureOp)[keyof typeof captureOp];

/** One step of a plan. The meaning of a, b, c and imm depends on the op: see the builders below. */
export interface CaptureOp {
  readonly op: CaptureOpCode;
  /** u8 */
  readonly a: number;
  /** u16 */
  readonly b: number;
  /** u32 */
  readonly c: number;
  /** u64 or s64, its magnitude below 2^53 */
  readonly imm: number;
}

/** Limits of bpf/event.h that a plan must respect. */
export const planLimits = {
  captureBytes: 4096,
  /** Of OP_IMAGE and of a value behind an interface: the interpreter's block of zeros. */
  imageBytes: 512,
  /** Images that a capture reads but does not send, each with those within. */
  unsentBytes: 1024,
  planSteps: 512,
  planDepth: 8,
  planOps: 65536,
  stringBytes: 56,
  strings: 256,
  savedWords: 4,
  labels: 16,
  labelTextBytes: 128,
  labelChoices: 16,
  shapeBytes: 240,
} as const;

/** enum label_kind */
export const labelKind = {
  byte: 1,
  present: 2,
  code: 3,
  nil: 4,
  choice: 5,
  found: 6,
  text: 7,
  type: 8,
  size: 9,
  note: 10,
  part: 11,
  unwrap: 12,
  dynamicType: 13,
  constant: 14,
  shape: 15,
} as const;

export type LabelKind = keyof typeof labelKind;

/** enum memory_base */
export const memoryBase = { register: 1, image: 255 } as const;

/** enum pointer_flag */
export const pointerFlag = { leaf: 1, unsent: 2, unless: 4, messages: 8, ofType: 16, ofItab: 32 } as const;

/** enum interface_kind */
export const interfaceKind = { type: 0, itab: 1, reflected: 2 } as const;

/** enum header_role: what a header of a `traceparent` op tells of the trace context. */
export const headerRole = {
  traceparent: 1,
  b3TraceId: 2,
  b3SpanId: 3,
  b3Sampled: 4,
  b3Flags: 5,
  b3: 6,
  traceState: 7,
} as const;

export type HeaderRole = (typeof headerRole)[keyof typeof headerRole];

/** When a pointer is followed: if the word there is zero; if it is an interface's second word, which has that type. */
export type PointerCondition =
  | { readonly unless: number }
  | { readonly typeVaddr: number; readonly holder: 'type' | 'itab' };

/** A pointer's immediate is its skip and, times this, the place of POINTER_UNLESS or the size of POINTER_OF_TYPE. */
const conditionUnit = 2 ** 32;

/** Ops to skip of a `pointer` op, and the rest of its immediate. */
export function pointerSkip({ imm }: CaptureOp): { readonly skip: number; readonly rest: number } {
  return { skip: imm % conditionUnit, rest: Math.floor(imm / conditionUnit) };
}

/** Most words of one `words` op. */
export const wordsAtOnce = 4;

/** Bytes of a chunk_header. */
export const chunkHeaderBytes = 8;

/** Bytes of a chunk with that payload: header and padding included. */
export function chunkBytes(payloadBytes: number): number {
  return chunkHeaderBytes + Math.ceil(payloadBytes / 8) * 8;
}

function step(op: CaptureOpCode, a: number, b: number, c: number, imm: number): CaptureOp {
  return { op, a, b, c, imm };
}

/**
 * The ops. `at` is an offset in the current image. Skips and body lengths count the ops that follow the step itself, up to
 * and including the matching `pop` or `next`: with `next op = this op + 1 + imm` the interpreter stands behind it.
 */
export const op = {
  /** Ends the plan, or returns from a dynamic type's plan. */
  end: () => step(captureOp.end, 0, 0, 0, 0),
  /** A chunk of `sizeBytes` zero bytes; becomes the image. */
  image: (sizeBytes: number) => step(captureOp.image, 0, 0, sizeBytes, 0),
  /** Low `sizeBytes` (1, 2, 4, 8) of an integer register. */
  register: (register: number, at: number, sizeBytes: number) => step(captureOp.register, register, at, sizeBytes, 0),
  /** `sizeBytes` from the stack, `offsetFromSp` bytes above SP at the site. */
  stack: (at: number, sizeBytes: number, offsetFromSp: number) => step(captureOp.stack, 0, at, sizeBytes, offsetFromSp),
  /** `sizeBytes` from memory, at a distance from what a register holds, or at a linked address. */
  memory: (at: number, sizeBytes: number, base: number | 'image', offset: number) =>
    step(captureOp.stack, base === 'image' ? memoryBase.image : memoryBase.register + base, at, sizeBytes, offset),
  /** Keeps 8 bytes of the image in the frame, from entry to exit. */
  save: (word: number, at: number) => step(captureOp.save, word, at, 0, 0),
  /** Puts a kept word into the image. */
  saved: (word: number, at: number) => step(captureOp.saved, word, at, 0, 0),
  /** A chunk with the bytes of the string or []byte whose header is at `at`. */
  string: (at: number, maxBytes: number) => step(captureOp.string, 0, at, maxBytes, 0),
  /** A chunk with `sizeBytes` behind the pointer; becomes the image, or skips. */
  pointer: (at: number, sizeBytes: number, skip: number) => step(captureOp.pointer, 0, at, sizeBytes, skip),
  /** The same, but the chunk has no payload; skips also where the condition does not hold. */
  unsentPointer(at: number, sizeBytes: number, skip: number, condition?: PointerCondition) {
    const { unsent, unless, ofType, ofItab } = pointerFlag;
    if (condition === undefined) return step(captureOp.pointer, unsent, at, sizeBytes, skip);
    if ('unless' in condition)
      return step(captureOp.pointer, unsent | unless, at, sizeBytes, skip + condition.unless * conditionUnit);
    const flags = unsent | ofType | (condition.holder === 'itab' ? ofItab : 0);
    return step(captureOp.pointer, flags, at, condition.typeVaddr, skip + sizeBytes * conditionUnit);
  },
  /** The same of the counts of a gRPC stream's messages, four words, by the stream's address. */
  messages: (at: number, skip: number) =>
    step(captureOp.pointer, pointerFlag.unsent | pointerFlag.messages, at, 4 * 8, skip),
  /** A chunk with up to four words of the image: offsets below 2048, the first in the lowest bits. */
  words: (offsets: readonly number[]) =>
    step(
      captureOp.words,
      offsets.length,
      0,
      0,
      offsets.reduce((bits, at, n) => bits + (at / 8) * 2 ** (8 * n), 0),
    ),
  /** Back to the image before. */
  pop: () => step(captureOp.pop, 0, 0, 0, 0),
  /** A chunk with the first items; the body runs once an item. imm 0: no body and no `next`. */
  slice: (at: number, maxItems: number, itemBytes: number, body: number) =>
    step(captureOp.slice, maxItems, at, itemBytes, body),
  /**
   * A chunk with the first entries of the map at `at`, key and value padded to 8 bytes each; the body runs once an entry.
   */
  map: (at: number, maxEntries: number, layout: MapLayout, body: number) =>
    step(
      captureOp.map,
      maxEntries,
      at,
      layout.groupBytes * 2 ** 16 + body,
      layout.keyBytes +
        layout.valueBytes * 2 ** 8 +
        layout.keyStride * 2 ** 16 +
        layout.valuesAt * 2 ** 28 +
        layout.valueStride * 2 ** 40,
    ),
  /** Runs the body once for each of `items` items that lie in the image itself. No chunk. */
  each: (at: number, items: number, itemBytes: number, body: number) =>
    step(captureOp.each, items, at, itemBytes, body),
  next: () => step(captureOp.next, 0, 0, 0, 0),
  /** A chunk with the dynamic type's linked address; if known, a chunk with the value and those of its plan follow. */
  interface: (at: number, kind: keyof typeof interfaceKind) => step(captureOp.interface, interfaceKind[kind], at, 0, 0),
  /**
   * A chunk with the first value of a key of the map[string][]string at `at`; `key` indexes the plan's strings. With the role
   * of a tracestate it is passed on, too.
   */
  header: (at: number, maxBytes: number, key: number, role: 0 | typeof headerRole.traceState = 0) =>
    step(captureOp.header, role, at, maxBytes, key),
  /** A chunk with the 16 bytes of the value with that key type in the context.Context at `at`; becomes the image, or skips. */
  context: (at: number, keyTypeVaddr: number, skip: number) => step(captureOp.context, 0, at, skip, keyTypeVaddr),
  /** The low `sizeBytes` (4, 8) of a known value. */
  constant: (at: number, sizeBytes: number, value: bigint) =>
    step(captureOp.constant, sizeBytes, at, Number((value >> 32n) & 0xffff_ffffn), Number(value & 0xffff_ffffn)),
  /**
   * A label of the call's series: no chunk. `size`: bytes of the integer, most bytes of the text, number of choices, code
   * of nil, least size of a body that is known, linked address of a type. `unless`: of `unwrap` an offset. `firstChoice` indexes the plan's strings.
   */
  label: (kind: LabelKind, at: number, size: number, place: number, { firstChoice = 0, unless = 0 } = {}) =>
    step(captureOp.label, labelKind[kind], at, size, place + firstChoice * 2 ** 8 + unless * 2 ** 16),
  /** Parses that header of the map at `at` into the frame's trace context. No chunk. */
  traceparent: (at: number, key: number, role: HeaderRole = headerRole.traceparent) =>
    step(captureOp.traceparent, role, at, 0, key),
} as const;

/** Where a bucket (up to Go 1.23) or group has its eight keys, from offset 8 on, and values. */
export interface MapLayout {
  readonly groupBytes: number;
  /** At most 128: of larger keys and values maps hold pointers. */
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly keyStride: number;
  readonly valuesAt: number;
  readonly valueStride: number;
}

/** Where in the image the n-th word of a `words` op lies. */
export function wordOffset({ imm }: CaptureOp, n: number): number {
  return (Math.floor(imm / 2 ** (8 * n)) % 2 ** 8) * 8;
}

/** The plan with the string indices of `header` and `traceparent` replaced: what a loader that shares strings needs. */
export function withStringIndices(ops: readonly CaptureOp[], indexOf: (local: number) => number): CaptureOp[] {
  return ops.map((step) => {
    if (step.op === captureOp.header || step.op === captureOp.traceparent) return { ...step, imm: indexOf(step.imm) };
    if (step.op !== captureOp.label) return step;
    // Indices there are of eight bits, and have no length.
    const index = (local: number) => indexOf(local) % 2 ** 8;
    const firstChoice = Math.floor(step.imm / 2 ** 8) % 2 ** 8;
    return {
      ...step,
      b: step.a === labelKind.found ? index(step.b) : step.b,
      imm:
        step.a === labelKind.found || step.a === labelKind.choice
          ? step.imm + (index(firstChoice) - firstChoice) * 2 ** 8
          : step.imm,
    };
  });
}
