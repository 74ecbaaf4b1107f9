import type { Value, ValueContent } from '../../src/event/value.ts';

/** A captured value as a line that a test can hold beside the Go source: `name TYPE goType = value`. */
export function valueLine(value: Value): string {
  const { name, type, goType, unavailable, capacity, truncated } = value;
  const content = unavailable === undefined ? `= ${contentText(value.value)}` : `! ${unavailable}`;
  const cap = capacity === undefined ? '' : ` cap ${capacity}`;
  const of = truncated === undefined ? '' : ` of ${truncated.of}`;
  return `${name} ${type} ${goType} ${content}${cap}${of}`.trim();
}

/** Structs as `{X INT int = 1; Y INT int = 2}`, the rest as JSON. */
function contentText(content: ValueContent | undefined): string {
  if (!Array.isArray(content)) return JSON.stringify(content);
  if (content.length > 0 && content.every(isField)) {
    return `{${content.map((field) => valueLine(field as Value)).join('; ')}}`;
  }
  return `[${content.map((item) => contentText(item as ValueContent)).join(', ')}]`;
}

function isField(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'goType' in item;
}

/** The same value, with the fields of that name cut out of it at any depth: of cycles, the part that limits decide. */
export function withoutField(value: Value, name: string): Value {
  const { value: content } = value;
  if (!Array.isArray(content)) return value;
  const kept = content
    .filter((item) => !(isField(item) && (item as Value).name === name))
    .map((item) => (isField(item) ? withoutField(item as Value, name) : item));
  return { ...value, value: kept as NonNullable<Value['value']> };
}
