import type { GoBinary } from '../../binary/go-binary.ts';
import type { GoType } from '../../binary/go-type.ts';
import { composedGroup } from './map-group.ts';
import type { MapParts } from './type-facts.ts';

/** Keys begin behind tophash (buckets) or control bytes (groups), eight of each. */
const keysAt = 8;
const slots = 8;
const maxPartBytes = 128;

/**
 * How maps of that type lie in memory, from the descriptor of their buckets (src/runtime/map.go, bmap) or groups
 * (src/internal/runtime/maps/group.go), which the binary itself has, or which is composed: entries lie in pairs, or all keys before all values.
 */
export function mapParts(binary: GoBinary, type: GoType): MapParts | undefined {
  const group = type.group ?? binary.runtimeType(type.name)?.group ?? composedForShapes(binary, type);
  const fields = group?.fields ?? [];
  const named = (...names: string[]) => fields.find(({ name }) => names.includes(name));
  const pairs = named('slots');
  const [key, value] = pairs?.type.elem?.fields ?? [];
  if (group !== undefined && pairs !== undefined && key !== undefined && value !== undefined) {
    const stride = pairs.type.elem?.sizeBytes ?? 0;
    const valuesAt = pairs.offsetBytes + value.offsetBytes;
    return parts(group, key.type, value.type, {
      first: pairs.offsetBytes,
      keyStride: stride,
      valuesAt,
      valueStride: stride,
    });
  }
  const keys = named('keys');
  const values = named('elems', 'values');
  if (group === undefined || keys?.type.elem === undefined || values?.type.elem === undefined) return undefined;
  return parts(group, keys.type.elem, values.type.elem, {
    first: keys.offsetBytes,
    keyStride: keys.type.elem.sizeBytes,
    valuesAt: values.offsetBytes,
    valueStride: values.type.elem.sizeBytes,
  });
}

/** Other maps without a descriptor are always empty: nothing is put into a map without it. They would take room from those that are not. */
function composedForShapes(binary: GoBinary, type: GoType): GoType | undefined {
  return type.name.includes('go.shape.') ? composedGroup(binary, type) : undefined;
}

interface Places {
  readonly first: number;
  readonly keyStride: number;
  readonly valuesAt: number;
  readonly valueStride: number;
}

function parts(group: GoType, key: GoType, value: GoType, places: Places): MapParts | undefined {
  const { first, keyStride, valuesAt, valueStride } = places;
  const layout = {
    groupBytes: group.sizeBytes,
    keyBytes: key.sizeBytes,
    valueBytes: value.sizeBytes,
    keyStride,
    valuesAt,
    valueStride,
  };
  const fits =
    first === keysAt &&
    Math.max(layout.keyBytes, layout.valueBytes) <= maxPartBytes &&
    Math.max(keyStride, valueStride) <= 2 * maxPartBytes + 8 &&
    layout.groupBytes <= keysAt + slots * (2 * maxPartBytes + 8) + 8;
  return fits ? { layout, key, value } : undefined;
}
