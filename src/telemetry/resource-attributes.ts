/** A process can't have a longer environment variable than this (MAX_ARG_STRLEN, execve(2)). */
const MAX_CHARACTERS = 128 * 1024;

/**
 * OTEL_RESOURCE_ATTRIBUTES of a traced process: `key=value,key=value`, percent-encoded (W3C Baggage). A part that
 * breaks the rule makes the specification drop the whole value: so does this.
 */
export function parseResourceAttributes(text: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  if (text.length > MAX_CHARACTERS) return attributes;
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const equals = part.indexOf('=');
    if (equals <= 0) return new Map();
    try {
      const key = decodeURIComponent(part.slice(0, equals).trim());
      if (key === '') return new Map();
      attributes.set(key, decodeURIComponent(part.slice(equals + 1).trim()));
    } catch {
      return new Map();
    }
  }
  return attributes;
}
