/**
 * Reads the structs and enums of a BPF object's BTF: name, size, members, enumerators.
 * Format: Documentation/bpf/btf.rst of the Linux source.
 */

export interface BtfStruct {
  readonly sizeBytes: number;
  /** Offset and size in bytes, by member. A size is undefined where the type has none of its own. */
  readonly members: ReadonlyMap<string, { readonly offset: number; readonly sizeBytes: number | undefined }>;
}

export interface Btf {
  readonly structs: ReadonlyMap<string, BtfStruct>;
  readonly enums: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

const kind = { int: 1, pointer: 2, array: 3, struct: 4, union: 5, enum: 6, float: 16, enum64: 19 } as const;

/** Bytes that follow the 12 of a type, by kind: fixed, and for each of its `vlen` parts. */
const extraBytes: Readonly<Record<number, readonly [fixed: number, each: number]>> = {
  1: [4, 0],
  3: [12, 0],
  4: [0, 12],
  5: [0, 12],
  6: [0, 8],
  13: [0, 8],
  14: [4, 0],
  15: [0, 12],
  17: [4, 0],
  19: [0, 12],
};
const lastKind = 19;

interface BtfType {
  readonly name: string;
  readonly kind: number;
  readonly vlen: number;
  /** Or, of a reference, the type's id. */
  readonly sizeBytes: number;
  /** Of what follows the first 12 bytes. */
  readonly at: number;
}

/** @param object an ELF file with a section .BTF */
export function readBtf(object: Uint8Array): Btf {
  const btf = section(object, '.BTF');
  const view = new DataView(btf.buffer, btf.byteOffset, btf.byteLength);
  if (view.getUint16(0, true) !== 0xeb9f) throw new Error('.BTF does not begin with its magic number');
  const headerBytes = view.getUint32(4, true);
  const typesAt = headerBytes + view.getUint32(8, true);
  const typesEnd = typesAt + view.getUint32(12, true);
  const stringsAt = headerBytes + view.getUint32(16, true);
  const text = (offset: number) => cString(btf, stringsAt + offset);

  const types: BtfType[] = [{ name: 'void', kind: 0, vlen: 0, sizeBytes: 0, at: 0 }];
  for (let at = typesAt; at < typesEnd; ) {
    const info = view.getUint32(at + 4, true);
    const type: BtfType = {
      name: text(view.getUint32(at, true)),
      kind: (info >>> 24) & 0x1f,
      vlen: info & 0xffff,
      sizeBytes: view.getUint32(at + 8, true),
      at: at + 12,
    };
    if (type.kind === 0 || type.kind > lastKind) throw new Error(`.BTF+0x${at.toString(16)}: kind ${type.kind}`);
    types.push(type);
    const [fixed, each] = extraBytes[type.kind] ?? [0, 0];
    at += 12 + fixed + each * type.vlen;
  }

  function sizeOf(id: number, depth = 0): number | undefined {
    const type = types[id];
    if (type === undefined || depth > 32) return undefined;
    switch (type.kind) {
      case kind.int:
      case kind.struct:
      case kind.union:
      case kind.enum:
      case kind.float:
      case kind.enum64:
        return type.sizeBytes;
      case kind.pointer:
        return 8;
      case kind.array: {
        const item = sizeOf(view.getUint32(type.at, true), depth + 1);
        return item === undefined ? undefined : item * view.getUint32(type.at + 8, true);
      }
      default: // typedef, const, volatile …: as what it refers to
        return sizeOf(type.sizeBytes, depth + 1);
    }
  }

  const structs = new Map<string, BtfStruct>();
  const enums = new Map<string, Map<string, number>>();
  for (const { name, kind: of, vlen, sizeBytes, at } of types) {
    if (name === '') continue;
    if (of === kind.struct) {
      const members = new Map<string, { offset: number; sizeBytes: number | undefined }>();
      for (let n = 0; n < vlen; n++) {
        const member = at + 12 * n;
        const offset = (view.getUint32(member + 8, true) & 0xffffff) / 8;
        members.set(text(view.getUint32(member, true)), {
          offset,
          sizeBytes: sizeOf(view.getUint32(member + 4, true)),
        });
      }
      structs.set(name, { sizeBytes, members });
    } else if (of === kind.enum) {
      const values = new Map<string, number>();
      for (let n = 0; n < vlen; n++)
        values.set(text(view.getUint32(at + 8 * n, true)), view.getInt32(at + 8 * n + 4, true));
      enums.set(name, values);
    }
  }
  return { structs, enums };
}

/** Of a little-endian 64-bit ELF file. */
function section(object: Uint8Array, wanted: string): Uint8Array {
  const view = new DataView(object.buffer, object.byteOffset, object.byteLength);
  const headersAt = Number(view.getBigUint64(40, true));
  const headerBytes = view.getUint16(58, true);
  const header = (index: number) => {
    const at = headersAt + headerBytes * index;
    const offset = Number(view.getBigUint64(at + 24, true));
    const size = Number(view.getBigUint64(at + 32, true));
    return { name: view.getUint32(at, true), bytes: () => object.subarray(offset, offset + size) };
  };
  const names = header(view.getUint16(62, true)).bytes();
  for (let index = 0; index < view.getUint16(60, true); index++) {
    const { name, bytes } = header(index);
    if (cString(names, name) === wanted) return bytes();
  }
  throw new Error(`the object has no section ${wanted}`);
}

function cString(bytes: Uint8Array, at: number): string {
  return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));
}
