import { unlessDamaged } from './binary-error.ts';
import { type GoLayout, goLayouts, maxModuledataBytes, type TypesLayout } from './go-layout.ts';
import type { ModuleReader } from './module-reader.ts';
import { RuntimeTypes } from './runtime-type.ts';
import { TypeReader } from './type-descriptor.ts';
import { makesSense, type TypesRange, typesRange } from './types-range.ts';

/** A later release may add some fields in front of those that are wanted. */
const searchedBytes = maxModuledataBytes + 256;

/** Of the places where types might begin few make sense; looking through one costs a walk over all types. */
const maxLooks = 16;

/** The descriptor of map types by its names in different releases; its size is that of the map types' own part. */
const mapTypeNames = ['internal/abi.MapType', 'internal/abi.SwissMapType', 'runtime.maptype'];

/**
 * The types of a program whose release is not known, by what the program says of itself: wherever in moduledata the types
 * may begin, they are looked through for the descriptor of `runtime.moduledata`. If that one says that the types' start is
 * the field where it was found, the other fields are taken from it as well.
 */
export function describedTypes(read: ModuleReader): TypesRange | undefined {
  let left = maxLooks;
  for (const range of supposedRanges(read)) {
    if (left-- === 0) return undefined;
    const types = new RuntimeTypes(new TypeReader(read.image, range));
    const fields = moduledataFields(types);
    if (fields?.types !== range.layout.moduledata.types) continue;
    const mapTypeBytes = mapTypeNames.map((name) => unlessDamaged(() => types.named(name))?.sizeBytes);
    const layout = {
      ...range.layout,
      moduledata: fields,
      mapTypeBytes: mapTypeBytes.find((size) => size !== undefined) ?? range.layout.mapTypeBytes,
    };
    const found = typesRange(read, layout);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Offsets of the types' fields within moduledata, by the descriptor that the program itself has of it. */
function moduledataFields(types: RuntimeTypes): TypesLayout | undefined {
  const fields = unlessDamaged(() => types.named('runtime.moduledata')?.fields) ?? [];
  const at = new Map(fields.map(({ name, offsetBytes }) => [name, offsetBytes]));
  const [start, end] = [at.get('types'), at.get('etypes')];
  if (start === undefined || end === undefined) return undefined;
  const [typelinks, itablinks] = [at.get('typelinks'), at.get('itablinks')];
  if (typelinks !== undefined && itablinks !== undefined) return { types: start, etypes: end, typelinks, itablinks };
  const [typedesclen, itaboffset, itabsize] = ['typedesclen', 'itaboffset', 'itabsize'].map((name) => at.get(name));
  if (typedesclen === undefined || itaboffset === undefined || itabsize === undefined) return undefined;
  return { types: start, etypes: end, typedesclen, itaboffset, itabsize };
}

/** Every pair of words that might be start and end of the types, with every way of listing them that makes sense there. */
function* supposedRanges(read: ModuleReader): Generator<TypesRange> {
  const forms = [goLayouts[0], goLayouts[1]].filter((form) => form !== undefined);
  for (let types = 0; types < searchedBytes; types += 8) {
    const startVaddr = read.word(types);
    if (startVaddr === undefined || startVaddr === 0 || startVaddr % 8 !== 0 || !read.image.has(startVaddr, 64))
      continue;
    for (let etypes = types + 8; etypes <= types + 16; etypes += 8) {
      const endVaddr = read.word(etypes);
      if (endVaddr === undefined || endVaddr <= startVaddr || !read.image.has(startVaddr, endVaddr - startVaddr))
        continue;
      for (const form of forms) yield* rangesOf(read, { ...form, moduledata: { types, etypes } }, startVaddr, endVaddr);
    }
  }
}

function* rangesOf(read: ModuleReader, layout: GoLayout, startVaddr: number, endVaddr: number): Generator<TypesRange> {
  const supposed = { layout, startVaddr, endVaddr };
  // Descriptors one after the other: how far is not known, but they end where one can't be read.
  const contiguous = { ...supposed, descriptors: { startVaddr: startVaddr + 8, endVaddr } };
  if (makesSense(new TypeReader(read.image, contiguous))) yield contiguous;
  for (let offset = 0; offset < searchedBytes; offset += 8) {
    const typelinks = read.slice(offset, 4);
    if (typelinks === undefined || typelinks.length === 0) continue;
    const listed = { ...supposed, typelinks };
    if (makesSense(new TypeReader(read.image, listed))) yield listed;
  }
}
