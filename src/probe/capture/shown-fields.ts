import type { GoField, GoType } from '../../binary/go-type.ts';

/** Of types that everybody knows, the fields that say what people want to know of them. All others are shown whole. */
const wellKnown: Readonly<Record<string, readonly string[]>> = {
  'net/http.Request': ['Method', 'URL', 'Proto', 'Host', 'RemoteAddr'],
  'net/url.URL': ['Scheme', 'Opaque', 'User', 'Host', 'Path', 'RawQuery', 'Fragment'],
  'context.valueCtx': ['Context', 'key', 'val'],
  'context.cancelCtx': ['Context'],
  'context.timerCtx': ['cancelCtx', 'deadline'],
  'context.afterFuncCtx': ['cancelCtx'],
  'context.withoutCancelCtx': ['c'],
  'context.stopCtx': ['Context'],
  'reflect.Value': ['typ', 'typ_', 'flag'],
};

export function shownFields(type: GoType): readonly GoField[] {
  const fields = type.fields ?? [];
  const names = Object.hasOwn(wellKnown, type.name) ? wellKnown[type.name] : undefined;
  if (names === undefined) return fields;
  const shown = fields.filter(({ name }) => names.includes(name));
  // Of the type its address says all.
  return type.name === 'reflect.Value' ? shown.map(asAddress) : shown;
}

function asAddress(field: GoField): GoField {
  if (field.type.kind !== 'pointer') return field;
  const { name, offsetBytes, embedded } = field;
  return {
    name,
    offsetBytes,
    embedded,
    type: { kind: 'unsafe.Pointer', name: field.type.name, sizeBytes: 8, alignBytes: 8 },
  };
}
