import type { Value, ValueContent } from '../event/value.ts';
import type { AttributeValue } from './api.ts';

/**
 * Arguments and results of a traced function, back from its span's attributes to values. For a parameter `cents`:
 *
 *   sidespan.argument.cents               82, true, "EUR", or JSON text of a struct, list, map or nil
 *   sidespan.argument.cents.type          Go's name of the type, where the text does not show what it is
 *   sidespan.argument.cents.unavailable   why there is no value: `in float register`
 *   sidespan.argument.cents.truncated     length in the target of what was cut
 *
 * Go's identifiers have no dots, so the endings cannot be names. A parameter without a name has its index for one.
 */
const PREFIX = { argument: 'sidespan.argument.', result: 'sidespan.result.' } as const;

interface Draft {
  content?: ValueContent;
  goType?: string;
  unavailable?: string;
  truncatedOf?: number;
}

export function isCallAttribute(key: string): boolean {
  return key.startsWith(PREFIX.argument) || key.startsWith(PREFIX.result);
}

/** In the order of the attributes, which is that of the signature. */
export function callValues(
  attributes: readonly (readonly [string, AttributeValue])[],
  which: keyof typeof PREFIX,
): Value[] {
  const prefix = PREFIX[which];
  const drafts = new Map<string, Draft>();
  for (const [key, raw] of attributes) {
    if (!key.startsWith(prefix)) continue;
    const rest = key.slice(prefix.length);
    const dot = rest.indexOf('.');
    const name = dot < 0 ? rest : rest.slice(0, dot);
    const draft = drafts.get(name) ?? {};
    drafts.set(name, draft);
    readPart(draft, dot < 0 ? '' : rest.slice(dot + 1), raw);
  }
  return [...drafts].map(([name, draft]) => toValue(name, draft));
}

function readPart(draft: Draft, part: string, raw: ValueContent): void {
  if (part === '') draft.content = raw;
  else if (part === 'type') draft.goType = String(raw);
  else if (part === 'unavailable') draft.unavailable = String(raw);
  else if (part === 'truncated' && typeof raw === 'number') draft.truncatedOf = raw;
}

function toValue(name: string, draft: Draft): Value {
  const goType = draft.goType ?? '';
  const base = { name, type: '', goType };
  const truncated = draft.truncatedOf === undefined ? {} : { truncated: { of: draft.truncatedOf } };
  if (draft.content === undefined) return { ...base, unavailable: draft.unavailable ?? 'not in the span' };
  const { content } = draft;
  // A Go string may look like JSON and must stay text: then its type says so. A nil always has its type.
  const looksLikeJson = typeof content === 'string' && (/^[[{]/.test(content) || (content === 'null' && goType !== ''));
  const mayBeJson = looksLikeJson && goType !== 'string';
  return { ...base, value: mayBeJson ? parsedOrText(content) : content, ...truncated };
}

function parsedOrText(text: string): ValueContent {
  try {
    return JSON.parse(text) as ValueContent;
  } catch {
    return text;
  }
}
