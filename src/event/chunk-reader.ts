/**
 * Reads the chunks of a capture (bpf/event.h, struct chunk_header) in the order in which the plan's ops wrote them. The
 * only place that checks their bounds. One reader serves a whole buffer of records: `start` sets it on the next capture.
 */

/** enum chunk_status */
export const chunkStatus = {
  ok: 0,
  nil: 1,
  fault: 2,
  noRoom: 3,
  absent: 4,
  unknownType: 5,
  tooLarge: 6,
  needless: 7,
  notResident: 8,
  constant: 9,
  /** Not in event.h: the capture ended before this chunk. */
  ended: 0x100,
  /** Not in event.h: plan and chunks no longer match. */
  lost: 0x101,
} as const;

const headerBytes = 8;

export class ChunkReader {
  readonly bytes: Buffer;
  readonly view: DataView;
  /** The same bytes; undefined: they don't begin where a word may. Payloads do, as chunks have whole words. */
  readonly words: Int32Array | undefined;
  /** Of the chunk read last. */
  status: number = chunkStatus.ok;
  /** Offset of its payload in `bytes`. */
  payload = 0;
  /** Bytes of payload; of a slice: items. */
  captured = 0;
  total = 0;
  #offset = 0;
  #end = 0;
  #lost: string | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.words =
      bytes.byteOffset % 4 === 0 ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2) : undefined;
  }

  /** Chunks from `start` to `end` (offsets in `bytes`). */
  start(start: number, end: number): this {
    if (start < 0 || end > this.bytes.length || start > end) {
      throw new RangeError(`capture [${start}, ${end}) is not within ${this.bytes.length} bytes`);
    }
    this.#offset = start;
    this.#end = end;
    this.#lost = undefined;
    return this;
  }

  /** Nothing was captured. */
  get isEmpty(): boolean {
    return this.#offset >= this.#end;
  }

  /** `captured` of the chunk that comes next; undefined: none does. */
  get nextCaptured(): number | undefined {
    return this.#offset + headerBytes > this.#end ? undefined : this.view.getUint16(this.#offset + 2, true);
  }

  /** Offset in `bytes` of the payload of the chunk that comes next, if that op wrote so many bytes; else undefined. */
  peek(op: number, wantedBytes: number): number | undefined {
    const offset = this.#offset;
    if (offset + headerBytes + wantedBytes > this.#end) return undefined;
    const word = this.view.getUint32(offset, true);
    return ((word >>> 8) & 0xff) === op && word >>> 16 >= wantedBytes ? offset + headerBytes : undefined;
  }

  /** Why plan and chunks no longer match; undefined: they do. */
  get lost(): string | undefined {
    return this.#lost;
  }

  /** Bytes that no shape has asked for. */
  get remaining(): number {
    return this.#end - this.#offset;
  }

  /**
   * The next chunk, which that op must have written. Its status is returned and kept, with payload, captured and total.
   * @param unitBytes size of what `captured` counts: of a slice the item's.
   */
  next(op: number, unitBytes = 1): number {
    this.captured = 0;
    this.total = 0;
    const offset = this.#offset;
    if (this.#lost !== undefined) {
      this.status = chunkStatus.lost;
      return chunkStatus.lost;
    }
    if (offset + headerBytes > this.#end) {
      this.status = chunkStatus.ended;
      return chunkStatus.ended;
    }
    const word = this.view.getUint32(offset, true);
    const writer = (word >>> 8) & 0xff;
    if (writer !== op) return this.lose(`op ${op} expected, op ${writer} found at +${offset}`);
    const captured = word >>> 16;
    const payload = offset + headerBytes;
    const next = payload + ((captured * unitBytes + 7) & ~7);
    if (next > this.#end) return this.lose(`chunk of op ${op} at +${offset} is longer than its record`);
    this.payload = payload;
    this.captured = captured;
    this.total = this.view.getUint32(offset + 4, true);
    this.status = word & 0xff;
    this.#offset = next;
    return this.status;
  }

  /** Declares the rest unreadable. */
  lose(reason: string): number {
    this.#lost = reason;
    this.captured = 0;
    this.status = chunkStatus.lost;
    return chunkStatus.lost;
  }

  /** What the last chunk's status means, for people. */
  reason(): string {
    switch (this.status) {
      case chunkStatus.nil:
        return 'behind a nil pointer';
      case chunkStatus.fault:
        return 'fault';
      case chunkStatus.notResident:
        return 'not resident';
      case chunkStatus.constant:
        return "a constant that the program's file does not have";
      case chunkStatus.noRoom:
        return 'no room left in the capture';
      case chunkStatus.absent:
        return 'absent';
      case chunkStatus.unknownType:
        return 'not captured for this dynamic type';
      case chunkStatus.tooLarge:
        return 'map too large to search';
      case chunkStatus.needless:
        return 'not read: another value says it';
      case chunkStatus.ended:
        return 'the capture ended before it';
      case chunkStatus.lost:
        return `plan and capture differ: ${this.#lost}`;
      default:
        return `chunk status ${this.status}`;
    }
  }
}
