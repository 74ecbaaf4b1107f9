import type { Found } from '../../binary/go-binary.ts';
import type { GoField, GoType } from '../../binary/go-type.ts';

/** Where a field lies, seen from a struct. */
export interface FieldPlace {
  /** Offsets of the pointers to follow, each in the struct that the one before leads to. */
  readonly hops: readonly FieldHop[];
  /** In the last struct. */
  readonly at: number;
  readonly type: GoType;
}

export interface FieldHop {
  readonly at: number;
  readonly type: GoType;
}

/** Of a slice, behind the pointer. */
const lengthAt = 8;
/** Embedded structs searched for a promoted field. */
const maxEmbedding = 4;

/**
 * Resolves `URL.Path` as Go would: through pointers, and through embedded fields where the name is promoted. Of a slice
 * `0` is its first element, whether it has one or not, and `len` its length.
 * @param type a struct or a pointer to one; in the latter case the first hop is at 0 of the pointer's own image.
 */
export function fieldPath(type: GoType, path: string): Found<FieldPlace> {
  const hops: FieldHop[] = [];
  let current: GoType = type;
  let at = 0;
  for (const name of path === '' ? [] : path.split('.')) {
    if (current.kind === 'slice' && current.elem !== undefined) {
      const index = Number(name);
      if (name === 'len') {
        at += lengthAt;
        current = { kind: 'int', name: 'int', sizeBytes: 8, alignBytes: 8 };
      } else if (Number.isSafeInteger(index)) {
        hops.push({ at, type: { ...current, kind: 'pointer' } });
        at = index * current.elem.sizeBytes;
        current = current.elem;
      } else return { unavailable: `${current.name} has no ${name}` };
      continue;
    }
    const steps = findField(current, name, maxEmbedding);
    if (steps === undefined) return { unavailable: `${current.name} has no field ${name}` };
    for (const step of steps) {
      if (current.kind === 'pointer' && current.elem !== undefined) {
        hops.push({ at, type: current });
        at = 0;
      }
      at += step.offsetBytes;
      current = step.type;
    }
  }
  return { value: { hops, at, type: current } };
}

/** The field of that name, preceded by the embedded ones that lead to it; the shallowest wins, as in Go. */
function findField(type: GoType, name: string, depth: number): GoField[] | undefined {
  const struct = type.kind === 'pointer' ? type.elem : type;
  const fields = struct?.fields ?? [];
  const own = fields.find((field) => field.name === name);
  if (own !== undefined) return [own];
  if (depth === 0) return undefined;
  let best: GoField[] | undefined;
  for (const field of fields) {
    if (!field.embedded) continue;
    const rest = findField(field.type, name, depth - 1);
    if (rest !== undefined && (best === undefined || rest.length + 1 < best.length)) best = [field, ...rest];
  }
  return best;
}
