import type { GoBinary } from '../../binary/go-binary.ts';
import type { GoType } from '../../binary/go-type.ts';
import { structLayout } from '../struct-layout.ts';

const slots = 8;
/** Larger keys and values lie elsewhere, with a pointer in their place (internal/abi, MapMaxKeyBytes, MapMaxElemBytes). */
const maxDirectBytes = 128;
/** Maps of which programs mostly have one or the other: their groups have the form that all groups of the program have. */
const models = [
  'map[string]string',
  'map[string][]string',
  'map[string]interface {}',
  'map[string]bool',
  'map[string]int',
];

/**
 * Buckets or groups of a map type that has no descriptor, which those of shapes (`map[go.shape.string]int`) never have: laid
 * out as those of another map of the program. Undefined if it has no such map.
 */
export function composedGroup(binary: GoBinary, { key, elem }: GoType): GoType | undefined {
  if (key === undefined || elem === undefined) return undefined;
  const model = models.map((name) => binary.runtimeType(name)?.group).find((group) => group !== undefined);
  const [first, ...rest] = model?.fields ?? [];
  if (first === undefined) return undefined;
  const [held, value] = [slotOf(key), slotOf(elem)];
  const members = rest.map(({ name, type, embedded }) => {
    if (name === 'slots') return { name, embedded, type: arrayOf(pairOf(held, value)) };
    if (name === 'keys') return { name, embedded, type: arrayOf(held) };
    if (name === 'elems' || name === 'values') return { name, embedded, type: arrayOf(value) };
    return { name, embedded, type };
  });
  return { kind: 'struct', name: 'group', ...structLayout([first, ...members]) };
}

function slotOf(type: GoType): GoType {
  if (type.sizeBytes <= maxDirectBytes) return type;
  return { kind: 'pointer', name: `*${type.name}`, sizeBytes: 8, alignBytes: 8, elem: type };
}

function pairOf(key: GoType, elem: GoType): GoType {
  const members = [
    { name: 'key', type: key, embedded: false },
    { name: 'elem', type: elem, embedded: false },
  ];
  return { kind: 'struct', name: 'slot', ...structLayout(members) };
}

function arrayOf(elem: GoType): GoType {
  const { sizeBytes, alignBytes } = elem;
  return {
    kind: 'array',
    name: `[${slots}]${elem.name}`,
    sizeBytes: slots * sizeBytes,
    alignBytes,
    elem,
    length: slots,
  };
}
