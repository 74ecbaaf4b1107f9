import { node } from 'koffi';
import { type Mapping, mapShared, protection } from './libc.ts';

/** Bit flags of a record's length word (include/uapi/linux/bpf.h). */
const busyBit = 0x80000000;
const discardBit = 0x40000000;
const recordHeaderBytes = 8;
const pageBytes = 4096;

/**
 * Receives one record: `length` bytes at `offset` of `view`, valid until it returns. It must not throw: a record that
 * was handed out counts as read.
 */
export type RecordHandler = (view: DataView, offset: number, length: number) => void;

/**
 * The consumer's side of a BPF ring buffer, mapped into this process: a call through koffi for each record would cost a
 * hundred times as much (kernel/bpf/ringbuf.c describes the layout).
 */
export interface RingReader extends Disposable {
  readonly sizeBytes: number;
  /** Bytes written and not yet read. */
  pendingBytes(): number;
  /** Hands out up to `limit` records; returns how many there were. */
  drain(handler: RecordHandler, limit: number): number;
  /** Calls back when the kernel asks for attention (more than `wakeup_bytes` unread). */
  onWakeup(callback: () => void): void;
}

/** @throws BpfError if the ring cannot be mapped */
export function openRing(mapFd: number, sizeBytes: number): RingReader {
  const consumer = mapShared(mapFd, 0, pageBytes, protection.read | protection.write, 'Mapping the ring buffer');
  let producer: Mapping;
  try {
    // The kernel offers the data pages twice in a row. They count as the agent's memory each time: once is enough.
    producer = mapShared(mapFd, pageBytes, pageBytes + sizeBytes, protection.read, 'Mapping the ring buffer');
  } catch (error) {
    consumer[Symbol.dispose]();
    throw error;
  }
  const consumed = new Int32Array(consumer.bytes);
  const produced = new Int32Array(producer.bytes, 0, 2);
  const lengths = new Int32Array(producer.bytes, pageBytes);
  const data = new DataView(producer.bytes, pageBytes);
  const bytes = new Uint8Array(producer.bytes, pageBytes);
  // Positions are 64-bit byte counts; their low halves are enough to tell the distance.
  let positionLow = Atomics.load(consumed, 0) >>> 0;
  let positionHigh = Atomics.load(consumed, 1) >>> 0;
  let poll: node.PollHandle | undefined;

  const pendingBytes = () => (Atomics.load(produced, 0) - positionLow) >>> 0;

  function advance(bytes: number): void {
    const low = positionLow + bytes;
    if (low >= 2 ** 32) positionHigh += 1;
    positionLow = low >>> 0;
  }

  function publish(): void {
    Atomics.store(consumed, 1, positionHigh | 0);
    Atomics.store(consumed, 0, positionLow | 0);
  }

  /** A record that goes on at the buffer's start, in one piece: one in tens of thousands. */
  function joined(start: number, length: number): DataView {
    const record = new Uint8Array(length);
    record.set(bytes.subarray(start));
    record.set(bytes.subarray(0, start + length - sizeBytes), sizeBytes - start);
    return new DataView(record.buffer);
  }

  return {
    sizeBytes,
    pendingBytes,
    drain(handler, limit) {
      let records = 0;
      let pending = pendingBytes();
      while (pending > 0 && records < limit) {
        const at = positionLow & (sizeBytes - 1);
        const word = Atomics.load(lengths, at >>> 2);
        if ((word & busyBit) !== 0) break;
        const length = word & ~(busyBit | discardBit);
        if ((word & discardBit) === 0) {
          const start = at + recordHeaderBytes;
          if (start + length <= sizeBytes) handler(data, start, length);
          else handler(joined(start, length), 0, length);
          records += 1;
        }
        const size = (length + recordHeaderBytes + 7) & ~7;
        advance(size);
        pending -= size;
        // The kernel may use the space from here on; once in a while is enough and spares it the cache misses.
        if ((records & 63) === 0) publish();
        if (pending <= 0) pending = pendingBytes();
      }
      publish();
      return records;
    },
    onWakeup(callback) {
      poll = node.poll(mapFd, callback);
    },
    [Symbol.dispose]: () => {
      poll?.close();
      producer[Symbol.dispose]();
      consumer[Symbol.dispose]();
    },
  };
}
