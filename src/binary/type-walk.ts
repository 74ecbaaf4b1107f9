import { unlessDamaged } from './binary-error.ts';
import type { TypeDescriptor, TypeReader } from './type-descriptor.ts';

/** A program of 100 MB has some 50,000 types with 10 links each; a hostile one could let each lead to all others. */
const maxTypes = 512 * 1024;
const maxLinks = 32 * 1024 * 1024;

/** An itab: interface type, concrete type (src/internal/abi/iface.go). */
export interface Itab {
  readonly interfaceVaddr: number;
  readonly typeVaddr: number;
}

/**
 * Addresses of all type descriptors that can be found: the linker's list of roots and the itabs' types, and whatever
 * these lead to. The roots alone are unnamed types; it is by their elements, fields and methods that named ones are
 * found. A descriptor that can't be read ends only its own branch.
 */
export function* walkTypes(types: TypeReader): Generator<TypeDescriptor> {
  const { startVaddr, endVaddr } = types.range;
  const seen = new Uint8Array(Math.ceil((endVaddr - startVaddr) / 64));
  const open: number[] = [];
  const add = (vaddr: number): void => {
    links++;
    if (!types.isTypeAddress(vaddr)) return;
    const bit = Math.floor((vaddr - startVaddr) / 8);
    const mask = 1 << (bit & 7);
    const byte = seen[bit >>> 3] ?? 0;
    if ((byte & mask) !== 0) return;
    seen[bit >>> 3] = byte | mask;
    open.push(vaddr);
  };
  let count = 0;
  let links = 0;
  for (const root of rootTypes(types)) {
    add(root);
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (++count > maxTypes || links > maxLinks) return;
      const vaddr = next;
      const type = unlessDamaged(() => types.descriptor(vaddr));
      if (type === undefined) continue;
      yield type;
      unlessDamaged(() => addNeighbours(types, type, add));
    }
  }
}

/** All itabs that the linker wrote. */
export function* allItabs(types: TypeReader): Generator<Itab> {
  const { itablinks, itabs } = types.range;
  if (itablinks !== undefined) {
    for (let index = 0; index < itablinks.length; index++) {
      const itab = unlessDamaged(() => {
        const vaddr = types.image.cursor(itablinks.vaddr + index * 8, 8).u64();
        return readItab(types, vaddr);
      });
      if (itab !== undefined) yield itab;
    }
  }
  if (itabs === undefined) return;
  for (let at = itabs.startVaddr; at + 32 <= itabs.endVaddr; ) {
    const vaddr = at;
    const found = unlessDamaged(() => {
      const itab = readItab(types, vaddr);
      return { itab, methods: types.memberCount(types.descriptor(itab.interfaceVaddr)) };
    });
    // Without its interface the itab's length is unknown, and with it where the next one begins.
    if (found === undefined) return;
    yield found.itab;
    at += 24 + 8 * Math.max(1, found.methods);
  }
}

function readItab(types: TypeReader, vaddr: number): Itab {
  const cursor = types.image.cursor(vaddr, 16);
  return { interfaceVaddr: cursor.u64(), typeVaddr: cursor.u64() };
}

/** Addresses of what the linker lists: unnamed types until Go 1.26, all since; and the types of itabs. */
export function* rootTypes(types: TypeReader): Generator<number> {
  const { typelinks, descriptors } = types.range;
  if (typelinks !== undefined) {
    const cursor = types.image.cursor(typelinks.vaddr, typelinks.length * 4);
    while (!cursor.atEnd) yield types.typeAtOffset(cursor.i32());
  }
  if (descriptors !== undefined) {
    for (let at = descriptors.startVaddr; at < descriptors.endVaddr; ) {
      const vaddr = at;
      const extent = unlessDamaged(() => types.extentBytes(types.descriptor(vaddr)));
      if (extent === undefined) break;
      yield at;
      at += extent;
    }
  }
  for (const itab of allItabs(types)) {
    yield itab.interfaceVaddr;
    yield itab.typeVaddr;
  }
}

function addNeighbours(types: TypeReader, type: TypeDescriptor, add: (vaddr: number) => void): void {
  add(type.pointerToThis);
  switch (type.kind) {
    case 'map':
      add(type.words[1]);
      add(type.words[0]);
      break;
    case 'array':
    case 'chan':
    case 'pointer':
    case 'slice':
      add(type.words[0]);
      break;
    case 'struct':
      for (const field of types.fieldTypes(type)) add(field);
      break;
    case 'interface':
      for (const method of types.interfaceMethodTypes(type)) add(method);
      break;
    case 'func': {
      const { parameters, results } = types.functionTypes(type);
      for (const parameter of parameters) add(parameter);
      for (const result of results) add(result);
      break;
    }
  }
  for (const method of types.methodTypes(type)) add(method);
}
