import type { Value, ValueContent } from '../event/value.ts';

/**
 * A captured value as JSON text: structs as objects by field name, nil as null. In place of a field that could not be
 * read stands `{"unavailable": "reason"}`, behind an interface with its `goType`; what was cut is `{"value": …, "truncated": {"of": 900}}`.
 */
export function contentJson(content: ValueContent): string {
  return JSON.stringify(plain(content));
}

type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };

function plain(content: ValueContent): Plain {
  if (content === null || typeof content !== 'object') return content;
  if (Array.isArray(content)) {
    if (content.length > 0 && content.every(isValue)) return fields(content);
    return content.length > 0 && content.every(isEntry) ? entries(content) : content.map(plain);
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

interface MapEntry {
  readonly key: ValueContent;
  readonly value: ValueContent;
}

/** An object where the keys are such as JSON has, else a list of pairs. */
function entries(list: readonly MapEntry[]): Plain {
  if (!list.every(({ key }) => typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean')) {
    return list.map(({ key, value }) => ({ key: plain(key), value: plain(value) }));
  }
  return Object.fromEntries(list.map(({ key, value }) => [String(key), plain(value)]));
}

/** Of a map (src/event/decode-map.ts). */
function isEntry(content: unknown): content is MapEntry {
  return typeof content === 'object' && content !== null && 'key' in content && 'value' in content;
}

function plainValue(value: Value): Plain {
  if (value.value === undefined) {
    const unavailable = value.unavailable ?? 'not captured';
    return value.type === 'INTERFACE' ? { goType: value.goType, unavailable } : { unavailable };
  }
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
