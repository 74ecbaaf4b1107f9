import type { GoField } from '../binary/go-type.ts';

/** Fields where Go's compiler puts them: in order, each aligned to its type. */
export interface StructLayout {
  readonly fields: readonly GoField[];
  readonly sizeBytes: number;
  readonly alignBytes: number;
}

/**
 * Lays out a struct as the compiler does (cmd/compile, types.CalcStructSize).
 * @param soundEnd is asked of each field's end, to refuse what no program has
 */
export function structLayout(
  members: readonly Omit<GoField, 'offsetBytes'>[],
  soundEnd: (end: number) => number = (end) => end,
): StructLayout {
  const fields: GoField[] = [];
  let end = 0;
  let alignBytes = 1;
  for (const member of members) {
    const offsetBytes = alignUp(end, member.type.alignBytes);
    fields.push({ ...member, offsetBytes });
    alignBytes = Math.max(alignBytes, member.type.alignBytes);
    end = soundEnd(offsetBytes + member.type.sizeBytes);
  }
  // A pointer to a last field of size 0 must not point behind the struct.
  if (end > 0 && fields.at(-1)?.type.sizeBytes === 0) end += 1;
  return { fields, sizeBytes: alignUp(end, alignBytes), alignBytes };
}

function alignUp(offset: number, alignment: number): number {
  return Math.ceil(offset / Math.max(1, alignment)) * Math.max(1, alignment);
}
