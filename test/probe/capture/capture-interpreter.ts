import { chunkStatus } from '../../../src/event/chunk-reader.ts';
import {
  type CaptureOp,
  captureOp,
  interfaceKind,
  memoryBase,
  planLimits,
  pointerFlag,
  pointerSkip,
  wordOffset,
} from '../../../src/probe/capture/capture-op.ts';
import { createCaptureOutput } from './capture-output.ts';
import type { DynamicTypeEntry, Target } from './capture-target.ts';

/** HEADER_LINES: the lines of a header that are read. */
const headerLines = 8;

export interface Run {
  /** The chunks. */
  readonly bytes: Uint8Array;
  /** PLAN_STEPS or CAPTURE_BYTES ran out. */
  readonly limited: boolean;
  readonly steps: number;
  readonly saved: readonly bigint[];
  /** Text of the headers that OP_TRACEPARENT found. */
  readonly traceparents: readonly string[];
}

interface Level {
  readonly image: number;
  readonly kind: 'image' | 'loop' | 'dynamic';
  readonly ops: readonly CaptureOp[];
  /** Loop: first op of the body; dynamic: op to go on with. */
  readonly pc: number;
  remaining: number;
  readonly itemBytes: number;
  readonly imageChunk: number;
}

/**
 * What each op of a capture plan does, in TypeScript: the executable specification of `enum capture_op` in bpf/event.h.
 * bpf/capture.h is the same in C.
 */
export function runPlan(
  plan: readonly CaptureOp[],
  target: Target,
  {
    strings = [],
    dynamicTypes = new Map(),
    saved = [0n, 0n, 0n],
    captureBytes = planLimits.captureBytes,
  }: {
    strings?: readonly string[];
    dynamicTypes?: ReadonlyMap<number, DynamicTypeEntry>;
    saved?: readonly bigint[];
    captureBytes?: number;
  } = {},
): Run {
  const output = createCaptureOutput(captureBytes, target);
  const { data, room, chunk, bytesChunk, copy } = output;
  const kept = [...saved];
  const traceparents: string[] = [];
  const levels: Level[] = [];
  let ops = plan;
  let pc = 0;
  let image = 0;
  let imageChunk = 0;
  let steps = 0;
  let unsent = 0;
  const bias = target.loadBias ?? 0n;

  const word = (at: number) => data.readBigUInt64LE(image + at);
  const push = (kind: Level['kind'], to: number, rest: Partial<Level> = {}): boolean => {
    if (levels.length >= planLimits.planDepth) return false;
    levels.push({ image, kind, ops, pc: 0, remaining: 0, itemBytes: 0, imageChunk, ...rest });
    image = to;
    return true;
  };
  const pop = () => {
    const level = levels.pop();
    if (level !== undefined) image = level.image;
    return level;
  };
  const zeroImage = (size: number): boolean => {
    if (room() < 8 + size || size > planLimits.imageBytes) return false;
    const header = chunk(captureOp.image);
    if (header === undefined) return false;
    header.captured = size;
    imageChunk = header.at;
    image = output.zeros(size);
    return true;
  };
  const loop = (first: number, count: number, step: CaptureOp) => {
    if (step.imm === 0) return;
    if (count === 0 || !push('loop', first, { pc, remaining: count - 1, itemBytes: step.c })) pc += step.imm;
  };

  /** False: the capture ends here for want of room. */
  const execute = (step: CaptureOp): boolean => {
    const { a, b, c, imm } = step;
    switch (step.op) {
      case captureOp.image:
        return zeroImage(c);
      case captureOp.register:
        writeLow(data, image + b, target.registers[a] ?? 0n, c);
        return true;
      case captureOp.stack: {
        const base = a === 0 ? target.sp : a === memoryBase.image ? bias : target.registers[a - memoryBase.register];
        const bytes = target.read((base ?? 0n) + BigInt(imm), c);
        if (bytes) data.set(bytes, image + b);
        else data.writeUInt8(chunkStatus.fault, imageChunk);
        return true;
      }
      case captureOp.save:
        kept[a] = word(b);
        return true;
      case captureOp.saved:
        data.writeBigUInt64LE(kept[a] ?? 0n, image + b);
        return true;
      case captureOp.constant:
        data.writeUInt32LE(imm, image + b);
        if (a === 8) data.writeUInt32LE(c, image + b + 4);
        return true;
      case captureOp.string:
        return bytesChunk(captureOp.string, chunkStatus.ok, word(b), word(b + 8), c);
      case captureOp.pointer: {
        const address = word(b);
        const header = chunk(captureOp.pointer);
        if (header === undefined) return false;
        const payload = output.length;
        const { skip, rest } = pointerSkip(step);
        if ((a & pointerFlag.unless) !== 0 && word(rest) !== 0n) header.status = chunkStatus.needless;
        else if (address === 0n) header.status = chunkStatus.nil;
        else if (((a & pointerFlag.unsent) === 0 && c > room()) || levels.length >= planLimits.planDepth)
          header.status = chunkStatus.noRoom;
        else if ((a & pointerFlag.unsent) !== 0) {
          // Behind the output, where the kernel too keeps what it does not send.
          const bytes = target.read(address, c);
          if (bytes !== undefined && unsent + c <= planLimits.unsentBytes) {
            data.set(bytes, planLimits.captureBytes + unsent);
            push('image', planLimits.captureBytes + unsent);
            unsent += (c + 7) & ~7;
            return true;
          }
          header.status = bytes === undefined ? chunkStatus.fault : chunkStatus.noRoom;
        } else if (copy(c, address)) {
          header.captured = c;
          push('image', payload);
          return true;
        } else header.status = chunkStatus.fault;
        pc += skip;
        return true;
      }
      case captureOp.words: {
        if (room() < 8 + 4 * 8) return false;
        const header = chunk(captureOp.words);
        if (header === undefined) return false;
        for (let n = 0; n < a; n++) output.word(word(wordOffset(step, n)));
        header.captured = 8 * a;
        return true;
      }
      case captureOp.pop:
        pop();
        return true;
      case captureOp.slice: {
        const [address, length] = [word(b), word(b + 8)];
        const header = chunk(captureOp.slice);
        if (header === undefined) return false;
        const items = output.length;
        header.total = length;
        let count = length < BigInt(a) ? Number(length) : a;
        if (address === 0n) {
          header.status = chunkStatus.nil;
          count = 0;
        } else if (levels.length >= planLimits.planDepth && imm !== 0) {
          header.status = chunkStatus.noRoom;
          count = 0;
        } else {
          if (count * c > room()) count = Math.floor(room() / c);
          if (count > 0 && !copy(count * c, address)) {
            header.status = chunkStatus.fault;
            count = 0;
          }
        }
        header.captured = count;
        loop(items, count, step);
        return true;
      }
      case captureOp.each:
        if (levels.length >= planLimits.planDepth) throw new Error('OP_EACH too deep: its reader would lose step');
        loop(image + b, a, step);
        return true;
      case captureOp.next: {
        const level = levels.at(-1);
        if (level?.kind !== 'loop') throw new Error('OP_NEXT outside of a loop');
        if (level.remaining > 0) {
          level.remaining -= 1;
          image += level.itemBytes;
          pc = level.pc;
        } else pop();
        return true;
      }
      case captureOp.interface: {
        let type = word(b);
        const value = word(b + 8);
        const isHeldByAddress = a === interfaceKind.reflected && (word(b + 16) & 128n) !== 0n;
        const header = chunk(captureOp.interface);
        if (header === undefined || room() < 8) return false;
        if (type === 0n) {
          header.status = chunkStatus.nil;
          return true;
        }
        if (a === interfaceKind.itab) {
          const bytes = target.read(type + 8n, 8);
          if (bytes === undefined) {
            header.status = chunkStatus.fault;
            return true;
          }
          type = Buffer.from(bytes).readBigUInt64LE();
        }
        const vaddr = type - bias;
        output.word(vaddr);
        header.captured = 8;
        const dynamic = dynamicTypes.get(Number(vaddr));
        if (dynamic === undefined) {
          header.status = chunkStatus.unknownType;
          return true;
        }
        header.total = BigInt(dynamic.id);
        const before = { ops, pc, imageChunk };
        if (!push('dynamic', 0, before)) {
          header.status = chunkStatus.noRoom;
          return true;
        }
        if (!zeroImage(dynamic.direct ? 8 : dynamic.sizeBytes)) {
          pop();
          header.status = chunkStatus.noRoom;
          return true;
        }
        ops = dynamic.ops;
        pc = 0;
        if (dynamic.direct && !isHeldByAddress) data.writeBigUInt64LE(value, image);
        else if (dynamic.sizeBytes > 0) {
          const bytes = target.read(value, dynamic.sizeBytes);
          if (bytes) data.set(bytes, image);
          else data.writeUInt8(chunkStatus.fault, imageChunk);
        }
        return true;
      }
      case captureOp.header: {
        const lines = target.header?.(word(b), strings[imm] ?? '') ?? [];
        if (lines.length === 0) return bytesChunk(captureOp.header, chunkStatus.absent, 0n, 0n, c);
        return lines.every(({ address, length }, line) => {
          if (line > headerLines) return true;
          const status = line === headerLines ? chunkStatus.tooLarge : chunkStatus.ok;
          return bytesChunk(line > 0 ? captureOp.headerLine : captureOp.header, status, address, length, c);
        });
      }
      case captureOp.context: {
        const header = chunk(captureOp.context);
        if (header === undefined) return false;
        const payload = output.length;
        const found = target.contextValue?.(word(b), word(b + 8), imm);
        if (found === undefined) header.status = chunkStatus.absent;
        else if (room() < 16 || !push('image', payload)) header.status = chunkStatus.noRoom;
        else {
          header.captured = 16;
          found.forEach(output.word);
          return true;
        }
        pc += c;
        return true;
      }
      case captureOp.traceparent: {
        const [found] = target.header?.(word(b), strings[imm] ?? '') ?? [];
        const text = found && target.read(found.address, Number(found.length));
        if (text) traceparents.push(Buffer.from(text).toString());
        return true;
      }
      default:
        throw new Error(`op ${step.op}`);
    }
  };

  let limited = true;
  while (steps < planLimits.planSteps) {
    const step = ops[pc];
    if (step === undefined) throw new Error(`the plan has no op ${pc}`);
    pc += 1;
    steps += 1;
    if (step.op === captureOp.end) {
      const level = pop();
      if (level === undefined) {
        limited = false;
        break;
      }
      if (level.kind !== 'dynamic') throw new Error('OP_END within a level');
      ({ ops, pc, imageChunk } = level);
      continue;
    }
    if (!execute(step)) break;
  }
  return { bytes: data.subarray(0, output.length), limited, steps, saved: kept, traceparents };
}

function writeLow(data: Buffer, at: number, value: bigint, size: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  data.set(bytes.subarray(0, size), at);
}
