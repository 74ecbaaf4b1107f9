import type { Found, GoBinary } from '../../binary/go-binary.ts';
import type { GoType } from '../../binary/go-type.ts';
import { planLimits } from '../capture/capture-op.ts';
import type { StringTable } from '../capture/capture-plan.ts';
import { kindLabel } from '../capture/kind-label.ts';
import type { HeaderShape, LabelShape, NamedShape, Shape } from '../capture/shape.ts';
import type { CaptureLimits } from '../capture/shape-context.ts';
import { shapeOfType } from '../capture/shape-of-type.ts';
import type { Abi } from '../code/calling-convention.ts';
import { httpMethods } from './http-methods.ts';
import type { ContextField, PresetField, PresetLabel } from './preset.ts';
import { structShape } from './preset-way.ts';

export interface PresetContext {
  readonly binary: GoBinary;
  readonly abi: Abi;
  readonly limits: CaptureLimits;
  readonly strings: StringTable;
  /** Of labels: the capture before them has looked the headers up. */
  readonly headersWalked?: boolean | undefined;
}

/** Of a text, unless the preset says more. */
export const defaultTextBytes = 256;
const wordBytes = 8;

/** A code is kept plus 1. */
const codeOfZero = 1;

/** In front of a label with `ifSet`: puts the word there where the label looks. */
export function conditionShape(at: number): NamedShape {
  const label = { kind: 'label', label: 'code', size: wordBytes, place: 0 } as const;
  return { name: '', shape: { ...label, type: 'UINT', goType: '', at } };
}

export function labelShape(field: PresetLabel, at: number, type: GoType, context: PresetContext): Found<NamedShape[]> {
  const { label: name, as, place, unlessCode, ifSet, atLeast = 0, maxBytes } = field;
  const base = { kind: 'label', type: kindLabel(type), goType: type.name, at, name, place } as const;
  const one = (shape: LabelShape) => ({ value: [{ name: '', shape }] });
  if (as === 'text') {
    const unless = unlessCode === undefined ? 0 : unlessCode + 1;
    return one({ ...base, label: 'text', size: planLimits.labelTextBytes, unless });
  }
  if (as === 'note' || as === 'part') {
    const unless = ifSet === undefined ? 0 : codeOfZero;
    return one({ ...base, label: as, size: maxBytes ?? planLimits.labelTextBytes, unless });
  }
  if (as === 'shape') return one({ ...base, label: as, size: maxBytes ?? planLimits.shapeBytes });
  if (as === 'size') return one({ ...base, name: undefined, label: as, size: atLeast });
  if (as === 'method') return one({ ...base, label: 'choice', size: httpMethods.length, choices: httpMethods });
  if (as === 'dynamicType' || as === 'constant') return one({ ...base, label: as, size: 0 });
  if (typeof as === 'string') return one({ ...base, label: as, size: as === 'present' ? wordBytes : type.sizeBytes });
  const { choices, header } = as;
  if (header === undefined) return one({ ...base, label: 'choice', size: choices.length, choices });
  if (!isHeaderMap(type)) return { unavailable: `${type.name} is no map of headers` };
  const walked = context.headersWalked ?? false;
  return one({ ...base, label: 'found', size: choices.length, choices, header: { key: header, walked } });
}

export function leafShape(
  field: Exclude<
    Extract<PresetField, { readonly path: unknown }>,
    | { readonly captured: unknown }
    | { readonly messages: unknown }
    | { readonly behind: unknown }
    | { readonly unwrap: unknown }
  >,
  at: number,
  type: GoType,
  context: PresetContext,
): Found<NamedShape[]> {
  const base = { type: kindLabel(type), goType: type.name, at };
  if ('label' in field) return labelShape(field, at, type, context);
  if ('context' in field) return contextShape(field.context, field.fields, at, context);
  if ('traceparent' in field) {
    if (!isHeaderMap(type)) return { unavailable: `${type.name} is no map of headers` };
    return { value: [{ name: '', shape: { ...base, kind: 'traceparent', key: field.traceparent, role: field.role } }] };
  }
  if ('present' in field) {
    return { value: [{ name: field.present, shape: { ...base, type: 'BOOL', kind: 'present', sizeBytes: 8 } }] };
  }
  if ('header' in field) {
    if (!isHeaderMap(type)) return { unavailable: `${type.name} is no map of headers` };
    return {
      value: [{ name: field.field, shape: { ...headerShape(field.header, at, field.maxBytes), role: field.role } }],
    };
  }
  const shape = shapeOfType(
    type,
    at,
    {
      facts: {},
      limits: { ...context.limits, stringBytes: field.maxBytes ?? defaultTextBytes },
      budget: { steps: planLimits.planSteps, bytes: planLimits.captureBytes, nodes: 64, exceeded: false },
      level: 0,
      nesting: 0,
      times: 1,
      imageEnd: Number.POSITIVE_INFINITY,
      later: () => {},
    },
    () => {},
  );
  // Their headers lie in images that are not sent.
  if (shape.kind === 'slice' || shape.kind === 'array' || shape.kind === 'entries') {
    return { unavailable: `a preset can't read a ${type.kind}` };
  }
  if (shape.kind === 'integer' && field.whenNil !== undefined) {
    return { value: [{ name: field.field, shape: { ...shape, whenNil: field.whenNil } }] };
  }
  return { value: [{ name: field.field, shape: shape.kind === 'text' ? { ...shape, raw: field.raw } : shape }] };
}

export function headerShape(key: string, at: number, maxBytes = defaultTextBytes): HeaderShape {
  return { kind: 'header', type: 'STRING', goType: 'string', at, key, maxBytes };
}

export function contextShape(
  keyType: string,
  fields: readonly ContextField[],
  at: number,
  { binary }: PresetContext,
): Found<NamedShape[]> {
  const keyTypeVaddr = binary.runtimeTypeAddress(keyType);
  if (keyTypeVaddr === undefined) return { unavailable: `the program has no type ${keyType}` };
  // Of the value's two words the second holds the map.
  const inner = fields.map((field): NamedShape => {
    const base = { goType: 'string', at: 8 } as const;
    if ('traceparent' in field) {
      const { traceparent: key, role } = field;
      return { name: '', shape: { ...base, type: 'MAP', kind: 'traceparent', key, role } };
    }
    return { name: field.field, shape: { ...headerShape(field.header, base.at, field.maxBytes), role: field.role } };
  });
  const shape: Shape = {
    kind: 'context',
    type: 'INTERFACE',
    goType: 'context.Context',
    at,
    keyTypeVaddr,
    target: structShape('', inner),
  };
  return { value: [{ name: '', shape }] };
}

/** http.Header and metadata.MD. */
function isHeaderMap(type: GoType): boolean {
  return (
    type.kind === 'map' &&
    type.key?.kind === 'string' &&
    type.elem?.kind === 'slice' &&
    type.elem.elem?.kind === 'string'
  );
}
