import type { GoField, GoType } from '../../binary/go-type.ts';
import { reflectFields } from './reflect-value.ts';

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
};

export function shownFields(type: GoType): readonly GoField[] {
  const fields = type.fields ?? [];
  if (type.name === 'reflect.Value') return reflectFields(fields);
  const names = Object.hasOwn(wellKnown, type.name) ? wellKnown[type.name] : undefined;
  return names === undefined ? fields : fields.filter(({ name }) => names.includes(name));
}
