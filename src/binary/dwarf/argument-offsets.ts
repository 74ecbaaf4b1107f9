import { BinaryError } from '../binary-error.ts';
import type { Cursor } from '../cursor.ts';
import type { GoType } from '../go-type.ts';
import { Attribute, Tag } from './constants.ts';
import type { DebugInfo } from './debug-info.ts';
import type { FunctionIndex } from './function-index.ts';
import { isBaseSelection } from './ranges.ts';
import type { FunctionPlace } from './signature.ts';
import type { TypeReader } from './type-reader.ts';
import type { Entry } from './unit.ts';

/** A parameter is at one place at the first instruction: what is behind that in its list is of later ones. */
const maxListEntries = 1_000;

/** Larger values the compiler leaves whole: cmd/compile/internal/ssa, `CanSSA`. */
const maxSplitBytes = 32;
const maxSplitFields = 4;
const wordBytes = 8;

/** DWARF 5 §7.7.1, table 7.9. */
const Operation = { fbreg: 0x91, piece: 0x93, callFrameCfa: 0x9c } as const;

/**
 * Where the debug information says that parameters lie on the stack at the function's first instruction: by name, in bytes
 * above the canonical frame address, which is Go's frame base. Those that the function doesn't use have no place there.
 * DWARF 4 (Go up to 1.24): §2.6 and §7.7.3.
 */
export function argumentOffsets(
  info: DebugInfo,
  functions: FunctionIndex,
  types: TypeReader,
  place: FunctionPlace,
): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  try {
    const entry = functions.find(place.entryVaddr);
    if (entry === undefined || entry.unit.version >= 5) return offsets;
    for (const child of info.children(entry, Tag.formalParameter)) {
      const origin = info.originOf(child);
      if (info.flag(origin, Attribute.variableParameter)) continue;
      const name = info.text(origin, Attribute.name);
      const isSplit = mayBeSplit(types.named(origin, Attribute.type));
      const offset = offsetAtEntry(info, child, place.entryVaddr, isSplit);
      if (name !== undefined && offset !== undefined) offsets.set(name, offset);
    }
  } catch (error) {
    // What is damaged tells nothing.
    if (!(error instanceof BinaryError)) throw error;
  }
  return offsets;
}

function offsetAtEntry(info: DebugInfo, parameter: Entry, entryVaddr: number, isSplit: boolean): number | undefined {
  const location = info.location(parameter);
  if (typeof location !== 'number') return location && frameOffset(location, isSplit);
  const list = info.sections.cursor('.debug_loc').seek(location);
  let base: number | undefined;
  for (let count = 0; count < maxListEntries; count++) {
    if (isBaseSelection(list)) {
      base = list.skip(8).u64();
      continue;
    }
    const start = list.u64();
    const end = list.u64();
    if (start === 0 && end === 0) return undefined;
    const expression = list.part(list.u16());
    if (base !== undefined && base + start === entryVaddr) return frameOffset(expression, isSplit);
  }
  return undefined;
}

/**
 * Of a value that lies in the caller's frame. Go 1.16 writes the same place for all pieces of a value (measured), so
 * pieces count only where each lies behind the one before. Of a value in pieces of which one is used Go 1.15 writes that one's
 * place as if it were the whole's (measured).
 */
function frameOffset(expression: Cursor, isSplit: boolean): number | undefined {
  if (expression.atEnd) return undefined;
  const first = placeOf(expression);
  let [pieces, end] = [0, first];
  while (!expression.atEnd && end !== undefined) {
    if (pieces > 0) {
      const next = placeOf(expression);
      if (next === undefined || next < end) return undefined;
      end = next;
    }
    if (expression.u8() !== Operation.piece) return undefined;
    end += expression.uleb();
    pieces += 1;
  }
  const isOfPart = pieces === 1 || (pieces === 0 && isSplit);
  return isOfPart || first === undefined || first < 0 ? undefined : first;
}

function placeOf(expression: Cursor): number | undefined {
  const operation = expression.u8();
  if (operation === Operation.callFrameCfa) return 0;
  return operation === Operation.fbreg ? expression.sleb() : undefined;
}

/** Whether the compiler may handle the parts of such values one by one. */
function mayBeSplit({ kind, sizeBytes, fields = [] }: GoType): boolean {
  if (kind !== 'struct') return kind !== 'array' && sizeBytes > wordBytes;
  return sizeBytes <= maxSplitBytes && fields.length > 1 && fields.length <= maxSplitFields;
}
