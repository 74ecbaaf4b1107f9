import { chunkStatus } from '../../../src/event/chunk-reader.ts';
import { planLimits } from '../../../src/probe/capture/capture-op.ts';
import type { Target } from './capture-target.ts';

/** What a plan has written so far; behind it, from CAPTURE_BYTES on, what it has read and does not send. */
export function createCaptureOutput(captureBytes: number, target: Target) {
  const data = Buffer.alloc(2 * planLimits.captureBytes);
  let out = 0;

  const room = () => Math.max(0, captureBytes - out);
  const copy = (size: number, address: bigint): boolean => {
    const bytes = target.read(address, size);
    if (bytes === undefined) return false;
    data.set(bytes, out);
    out += (size + 7) & ~7;
    return true;
  };
  const chunk = (op: number) => {
    if (out + 8 > captureBytes) return undefined;
    const at = out;
    data.writeUInt8(chunkStatus.ok, at);
    data.writeUInt8(op, at + 1);
    data.writeUInt16LE(0, at + 2);
    data.writeUInt32LE(0, at + 4);
    out += 8;
    return {
      at,
      set status(value: number) {
        data.writeUInt8(value, at);
      },
      set captured(value: number) {
        data.writeUInt16LE(value, at + 2);
      },
      set total(value: bigint) {
        data.writeUInt32LE(Number(value > 0xffffffffn ? 0xffffffffn : value), at + 4);
      },
    };
  };
  const bytesChunk = (op: number, status: number, address: bigint, length: bigint, limit: number): boolean => {
    const header = chunk(op);
    if (header === undefined) return false;
    header.status = status;
    if (status !== chunkStatus.ok) return true;
    header.total = length;
    if (address === 0n) {
      header.status = chunkStatus.nil;
      return true;
    }
    const most = Math.min(limit, limit > room() ? room() & ~7 : limit);
    const size = length > BigInt(most) ? most : Number(length);
    if (size === 0) return true;
    if (copy(size, address)) header.captured = size;
    else header.status = chunkStatus.fault;
    return true;
  };
  return {
    data,
    get length() {
      return out;
    },
    room,
    chunk,
    bytesChunk,
    copy,
    /** @returns where they begin */
    zeros(size: number): number {
      const at = out;
      out += (size + 7) & ~7;
      data.fill(0, at, out);
      return at;
    },
    word(value: bigint): void {
      data.writeBigUInt64LE(value, out);
      out += 8;
    },
  };
}
