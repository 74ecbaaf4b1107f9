import { unlessDamaged } from './binary-error.ts';
import type { GoLayout } from './go-layout.ts';
import type { ImageSlice, ModuleReader } from './module-reader.ts';
import { TypeReader } from './type-descriptor.ts';

/** Programs of 100 MB have 20,000 typelinks and 6,000 itabs. */
const maxTypelinks = 4 * 1024 * 1024;
const maxItabs = 1024 * 1024;

/** So many types must make sense before a layout is believed. */
const sampleTypes = 64;

/** Where the types are: either lists of roots (until Go 1.26), or ranges to walk (since 1.27). */
export interface TypesRange {
  readonly layout: GoLayout;
  readonly startVaddr: number;
  readonly endVaddr: number;
  /** int32 offsets from startVaddr, ordered by the types' strings. */
  readonly typelinks?: ImageSlice;
  /** Addresses of itabs. */
  readonly itablinks?: ImageSlice;
  /** Descriptors one after the other: [from, to). */
  readonly descriptors?: { readonly startVaddr: number; readonly endVaddr: number };
  /** Itabs one after the other: [from, to). */
  readonly itabs?: { readonly startVaddr: number; readonly endVaddr: number };
}

/** Undefined unless the row's fields make sense together, and the first types when they are read by it. */
export function typesRange(read: ModuleReader, layout: GoLayout): TypesRange | undefined {
  const range = rangeOf(read, layout);
  return range !== undefined && makesSense(new TypeReader(read.image, range)) ? range : undefined;
}

function rangeOf(read: ModuleReader, layout: GoLayout): TypesRange | undefined {
  const row = layout.moduledata;
  const startVaddr = read.word(row.types);
  const endVaddr = read.word(row.etypes);
  if (startVaddr === undefined || endVaddr === undefined || startVaddr >= endVaddr) return undefined;
  const sizeBytes = endVaddr - startVaddr;
  if (!read.image.has(startVaddr, sizeBytes)) return undefined;
  if (row.typelinks !== undefined && row.itablinks !== undefined) {
    const typelinks = read.slice(row.typelinks, 4);
    const itablinks = read.slice(row.itablinks, 8);
    if (typelinks === undefined || itablinks === undefined || typelinks.length === 0) return undefined;
    if (typelinks.length > maxTypelinks || itablinks.length > maxItabs) return undefined;
    return { layout, startVaddr, endVaddr, typelinks, itablinks };
  }
  const descriptorBytes = read.word(row.typedesclen ?? 0);
  const itabOffset = read.word(row.itaboffset ?? 0);
  const itabBytes = read.word(row.itabsize ?? 0);
  if (descriptorBytes === undefined || itabOffset === undefined || itabBytes === undefined) return undefined;
  if (descriptorBytes === 0 || descriptorBytes > sizeBytes || itabOffset + itabBytes > sizeBytes) return undefined;
  // src/runtime/type.go, moduleTypelinks: the first word is left free, so that no type has offset 0.
  const descriptors = { startVaddr: startVaddr + 8, endVaddr: startVaddr + descriptorBytes };
  const itabs = { startVaddr: startVaddr + itabOffset, endVaddr: startVaddr + itabOffset + itabBytes };
  return { layout, startVaddr, endVaddr, descriptors, itabs };
}

/** Whether the first types of the list have kinds and names, and their structs fields that fit into them. */
export function makesSense(types: TypeReader): boolean {
  const sound = unlessDamaged(() => firstTypes(types).every((vaddr) => typeMakesSense(types, vaddr)));
  return sound === true;
}

function firstTypes(types: TypeReader): number[] {
  const { typelinks, descriptors } = types.range;
  const found: number[] = [];
  if (typelinks !== undefined) {
    const cursor = types.image.cursor(typelinks.vaddr, Math.min(typelinks.length, sampleTypes) * 4);
    while (!cursor.atEnd) found.push(types.typeAtOffset(cursor.i32()));
  }
  let at = descriptors?.startVaddr ?? 0;
  while (at < (descriptors?.endVaddr ?? 0) && found.length < sampleTypes) {
    found.push(at);
    at += types.extentBytes(types.descriptor(at));
  }
  return found;
}

function typeMakesSense(types: TypeReader, vaddr: number): boolean {
  const type = types.descriptor(vaddr);
  const name = types.string(type);
  // The shortest are `T`, `[]T`; what was read at a wrong place begins with zeros or other control characters.
  if (name === '' || name.charCodeAt(0) <= 0x20) return false;
  const struct = type.kind === 'pointer' ? types.descriptor(type.words[0]) : type;
  if (struct.kind !== 'struct') return true;
  return types.fields(struct).every(({ offsetBytes, typeVaddr }) => {
    const field = types.descriptor(typeVaddr);
    const aligned = field.alignBytes === 0 || offsetBytes % field.alignBytes === 0;
    return aligned && offsetBytes + field.sizeBytes <= struct.sizeBytes;
  });
}
