/** Stands in a text where a secret was: the word of OpenTelemetry's conventions. */
export const redactedText = 'REDACTED';

export interface SecretTextRules {
  /** Look for bearer and basic credentials, JWTs, private keys and passwords in URLs. */
  readonly forms: boolean;
  readonly texts: readonly RegExp[];
  /** Whether what has that name is secret: `password=…`, `"token": "…"`, `Cookie: …`. */
  readonly hides: (name: string) => boolean;
}

interface SecretForm {
  readonly pattern: RegExp;
  readonly by: string;
  /** Only where the text's end is missing. */
  readonly cut?: true;
}

/** A password of a URL whose end is missing: a port has five digits at most. */
const cutPassword = /\b([a-z][a-z0-9+.-]*:\/\/[^\s/@:?#]*):(?!\d{1,5}$)[^\s/@]+$/i;

/** Nearly all texts have none of these, and so no secret of the forms below. */
const firstSight = /eyJ|[Bb]earer|BEARER|[Bb]asic|BASIC|PRIVATE KEY|:\/\//;
const separator = /[=:]/;

const forms: readonly SecretForm[] = [
  // A JSON web token begins with `{"` in base64; one that was cut may have no second part.
  { pattern: /\beyJ[\w-]{8,}(?:\.[\w-]*){0,4}/g, by: redactedText },
  { pattern: /\b(Bearer|BEARER)(\s+)[^\s,"'[]{6,}/g, by: `$1$2${redactedText}` },
  // These are words of the language too: what follows must not look like one.
  {
    pattern: /\b(bearer|basic)(\s+)(?=[^\s,"']*[0-9=])[^\s,"'[]{6,}/gi,
    by: `$1$2${redactedText}`,
  },
  {
    pattern: /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g,
    by: `-----BEGIN PRIVATE KEY----- ${redactedText}`,
  },
  {
    pattern: /\b([a-z][a-z0-9+.-]*:\/\/[^\s/@:?#]*):[^\s/@]+@/gi,
    by: `$1:${redactedText}@`,
  },
  { pattern: cutPassword, by: `$1:${redactedText}`, cut: true },
];

/** A function that puts `REDACTED` in place of the secrets in a text. */
export function createSecretText({ forms: withForms, texts, hides }: SecretTextRules) {
  return (text: string, isCut: boolean): string => {
    let result = text;
    if (withForms && firstSight.test(text)) {
      for (const { pattern, by, cut } of forms) if (!cut || isCut) result = result.replace(pattern, by);
    }
    if (separator.test(result)) result = hideNamed(result, hides);
    for (const pattern of texts) result = result.replace(pattern, redactedText);
    return result;
  };
}

const equals = 0x3d;
const colon = 0x3a;

/** Replaces what follows the `=` or `:` behind a secret's name. */
function hideNamed(text: string, hides: (name: string) => boolean): string {
  let result = '';
  let done = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if ((character !== equals && character !== colon) || at < done) continue;
    const { name, quoted } = nameBefore(text, at);
    // Addresses and times have digits there, not a name.
    const first = name.charCodeAt(0);
    const isNumber = first >= 0x30 && first <= 0x39;
    if (name === '' || isNumber || !hides(decodedName(name))) continue;
    let start = at + 1;
    while (isSpace(text.charCodeAt(start))) start++;
    const end = valueEnd(text, start, character === equals ? 'pair' : quoted ? 'json' : 'header');
    // The quotes stay: JSON is JSON still.
    const quote = /["']/.test(text.charAt(start)) ? text.charAt(start) : '';
    if (end === start) continue;
    result += `${text.slice(done, start)}${quote}${redactedText}${quote}`;
    done = end;
  }
  return done === 0 ? text : result + text.slice(done);
}

/** No name is longer. */
const maxNameLength = 80;

/** The name that ends before the separator: `name=`, `"name" :`. */
function nameBefore(text: string, separator: number): { readonly name: string; readonly quoted: boolean } {
  let end = separator;
  while (end > 0 && isSpace(text.charCodeAt(end - 1))) end--;
  const quoted = end > 0 && (text[end - 1] === '"' || text[end - 1] === "'");
  if (quoted) end--;
  // Quoted within a quoted text: `\"name\":`.
  if (quoted && text[end - 1] === '\\') end--;
  let start = end;
  while (start > 0 && end - start < maxNameLength && isNamePart(text.charCodeAt(start - 1))) start--;
  return { name: text.slice(start, end), quoted };
}

/** A query, a command line, a cookie; a JSON value; a header's rest of the line. */
const endOf = { pair: /[\s&;,"']|$/g, json: /[,}\]\r\n]|$/g, header: /[\r\n]|$/g } as const;

function valueEnd(text: string, start: number, kind: keyof typeof endOf): number {
  const quote = text[start];
  if (quote === '"' || quote === "'") {
    for (let at = start + 1; at < text.length; at++) {
      if (text[at] === '\\') at++;
      else if (text[at] === quote) return at + 1;
    }
    return text.length;
  }
  const pattern = endOf[kind];
  pattern.lastIndex = start;
  return pattern.exec(text)?.index ?? text.length;
}

function isSpace(character: number): boolean {
  return character === 0x20 || character === 0x09;
}

/** Letters, digits and `_ - . %`. */
function isNamePart(character: number): boolean {
  return (
    (character >= 0x61 && character <= 0x7a) ||
    (character >= 0x41 && character <= 0x5a) ||
    (character >= 0x30 && character <= 0x39) ||
    character === 0x5f ||
    (character >= 0x2d && character <= 0x2e) ||
    character === 0x25
  );
}

/** Percent-encoded names mean the same to a server: `%73ig` is `sig`. */
function decodedName(name: string): string {
  if (!name.includes('%')) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
