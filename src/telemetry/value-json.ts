import type { Value, ValueContent } from '../event/value.ts';

/**
 * A captured value as JSON text: structs as objects by field name, nil as null. In place of a field that could not be
 * read stands `{"unavailable": "reason"}`; what was cut is `{"value": …, "truncated": {"of": 900}}`.
 */
export function contentJson(content: ValueContent): string {
  return JSON.stringify(plain(content));
}

type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };

function plain(content: ValueContent): Plain {
  if (content === null || typeof content !== 'object') return content;
  if (Array.isArray(content)) {
    return content.length > 0 && content.every(isValue) ? fields(content) : content.map(plain);
  }
  if (isValue(content)) return plainValue(content);
  const object: { [key: string]: Plain } = {};
  for (const [key, value] of Object.entries(content)) object[key] = plain(value as ValueContent);
  return object;
}

function fields(values: readonly Value[]): Plain {
  const object: { [key: string]: Plain } = {};
  values.forEach((value, index) => {
    object[value.name === '' || value.name === '_' ? String(index) : value.name] = plainValue(value);
  });
  return object;
}

function plainValue(value: Value): Plain {
  if (value.value === undefined) return { unavailable: value.unavailable ?? 'not captured' };
  const content = plain(value.value);
  if (value.truncated === undefined && value.encoding === undefined) return content;
  return {
    value: content,
    ...(value.encoding === undefined ? {} : { encoding: value.encoding }),
    ...(value.truncated === undefined ? {} : { truncated: { of: value.truncated.of } }),
  };
}

function isValue(content: unknown): content is Value {
  return typeof content === 'object' && content !== null && 'goType' in content && 'type' in content;
}
