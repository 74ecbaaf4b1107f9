import type { GoType } from '../../../src/binary/go-type.ts';
import type { AssignedValue } from '../../../src/probe/code/register-assignment.ts';
import type { Target } from './capture-target.ts';

/** A Go value as the tests write it: structs as arrays of field values, pointers as their target or null. */
export type GoValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly GoValue[]
  | { readonly length: number }
  | { readonly qcount: number; readonly dataqsiz: number }
  | { readonly pc: bigint }
  | { readonly real: number; readonly imaginary: number }
  | { readonly dynamic: GoType; readonly typeAddress: bigint; readonly direct: boolean; readonly value: GoValue }
  | { readonly address: bigint };

/** Memory of a target that does not exist: values are put in, and read by address. */
export class FakeMemory {
  readonly #regions: { readonly start: bigint; readonly bytes: Buffer }[] = [];
  #next = 0xc000_0000n;

  /** A place for that many bytes, with unmapped space behind it. */
  allocate(bytes: Uint8Array): bigint {
    const start = this.#next;
    this.#regions.push({ start, bytes: Buffer.from(bytes) });
    this.#next += (BigInt(bytes.length) | 63n) + 65n;
    return start;
  }

  read(address: bigint, sizeBytes: number): Uint8Array | undefined {
    const region = this.#regions.find(
      ({ start, bytes }) => address >= start && address + BigInt(sizeBytes) <= start + BigInt(bytes.length),
    );
    if (region === undefined) return undefined;
    const at = Number(address - region.start);
    return region.bytes.subarray(at, at + sizeBytes);
  }

  /** The value's own bytes; what it points to is allocated. */
  image(type: GoType, value: GoValue): Buffer {
    const image = Buffer.alloc(type.sizeBytes);
    this.#write(type, value, image, 0);
    return image;
  }

  #write(type: GoType, value: GoValue, image: Buffer, at: number): void {
    const address = (where: number, to: bigint) => image.writeBigUInt64LE(to, where);
    switch (type.kind) {
      case 'bool':
        image.writeUInt8(value === true ? 1 : 0, at);
        return;
      case 'float32':
        image.writeFloatLE(value as number, at);
        return;
      case 'float64':
        image.writeDoubleLE(value as number, at);
        return;
      case 'complex64': {
        const { real, imaginary } = value as { real: number; imaginary: number };
        image.writeFloatLE(real, at);
        image.writeFloatLE(imaginary, at + 4);
        return;
      }
      case 'complex128': {
        const { real, imaginary } = value as { real: number; imaginary: number };
        image.writeDoubleLE(real, at);
        image.writeDoubleLE(imaginary, at + 8);
        return;
      }
      case 'string': {
        const bytes = Buffer.from(value as string);
        if (bytes.length > 0) address(at, this.allocate(bytes));
        image.writeBigUInt64LE(BigInt(bytes.length), at + 8);
        return;
      }
      case 'slice': {
        if (value === null || type.elem === undefined) return;
        if (value instanceof Uint8Array) {
          address(at, this.allocate(value));
          image.writeBigUInt64LE(BigInt(value.length), at + 8);
          image.writeBigUInt64LE(BigInt(value.length), at + 16);
          return;
        }
        const items = value as readonly GoValue[];
        const { elem } = type;
        const bytes = Buffer.alloc(elem.sizeBytes * items.length);
        for (const [i, item] of items.entries()) this.#write(elem, item, bytes, i * elem.sizeBytes);
        address(at, this.allocate(bytes));
        image.writeBigUInt64LE(BigInt(items.length), at + 8);
        image.writeBigUInt64LE(BigInt(items.length + 1), at + 16);
        return;
      }
      case 'array':
        for (const [i, item] of (value as readonly GoValue[]).entries()) {
          if (type.elem) this.#write(type.elem, item, image, at + i * type.elem.sizeBytes);
        }
        return;
      case 'struct':
        for (const [i, field] of (type.fields ?? []).entries()) {
          this.#write(field.type, (value as readonly GoValue[])[i] ?? null, image, at + field.offsetBytes);
        }
        return;
      case 'pointer':
        if (value === null || type.elem === undefined) return;
        if (typeof value === 'object' && 'address' in value) address(at, value.address);
        else address(at, this.allocate(this.image(type.elem, value)));
        return;
      case 'map':
      case 'chan':
      case 'func':
        if (value !== null) address(at, this.allocate(referenced(value)));
        return;
      case 'interface': {
        if (value === null) return;
        const { dynamic, typeAddress, direct, value: inner } = value as Extract<GoValue, { dynamic: GoType }>;
        const itab = Buffer.alloc(32);
        itab.writeBigUInt64LE(typeAddress, 8);
        address(at, type.hasMethods === false ? typeAddress : this.allocate(itab));
        const bytes = this.image(dynamic, inner);
        address(at + 8, direct ? bytes.readBigUInt64LE() : this.allocate(bytes));
        return;
      }
      case 'unsafe.Pointer':
        address(at, value === null ? 0n : (value as bigint));
        return;
      default:
        writeInteger(image, at, type.sizeBytes, BigInt(value as number | bigint));
    }
  }

  /** Registers and stack of a call with these arguments. */
  call(assigned: readonly AssignedValue[], values: readonly GoValue[]): Target {
    const registers = Array.from({ length: 31 }, () => 0xdead_beef_dead_beefn);
    const stack = Buffer.alloc(16_384, 0xee);
    for (const [i, { type, pieces }] of assigned.entries()) {
      const image = this.image(type, values[i] ?? null);
      for (const piece of pieces) {
        const bytes = image.subarray(piece.at, piece.at + piece.sizeBytes);
        if ('register' in piece) {
          const word = Buffer.alloc(8, 0xee);
          word.set(bytes);
          registers[piece.register] = word.readBigUInt64LE();
        } else if ('stackOffset' in piece) stack.set(bytes, piece.stackOffset);
      }
    }
    const sp = this.allocate(stack);
    return { registers, sp, read: (address, sizeBytes) => this.read(address, sizeBytes) };
  }
}

function referenced(value: GoValue): Buffer {
  const bytes = Buffer.alloc(16);
  const object = value as { length?: number; qcount?: number; dataqsiz?: number; pc?: bigint };
  bytes.writeBigUInt64LE(BigInt(object.length ?? object.qcount ?? object.pc ?? 0n), 0);
  bytes.writeBigUInt64LE(BigInt(object.dataqsiz ?? 0), 8);
  return bytes;
}

function writeInteger(image: Buffer, at: number, sizeBytes: number, value: bigint): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  image.set(bytes.subarray(0, sizeBytes), at);
}
