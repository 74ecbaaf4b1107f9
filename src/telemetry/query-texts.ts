import type { Redaction } from '../redaction/redaction.ts';
import { type SanitizedSql, sanitizeSql } from '../sql/sanitize-sql.ts';

/** What may be said of queries; the same ones come again and again. */
export interface QueryTexts {
  /** @param isCut the text's end is missing */
  sanitized(sql: string, system: string | undefined, isCut: boolean): SanitizedSql;
  /** What a database says went wrong, without the values that it names. */
  message(text: string): string;
  /** The text is to be exported. */
  readonly isShown: boolean;
}

export interface QueryTextOptions {
  readonly isShown: boolean;
  readonly redaction?: Redaction | undefined;
}

/** Texts that are kept: with the largest that a capture has, some megabytes. */
const MAX_KEPT = 1000;

export function createQueryTexts({ isShown, redaction }: QueryTextOptions): QueryTexts {
  const known = new Map<string, SanitizedSql>();
  const redacted = (text: string) => redaction?.patterns(text) ?? text;
  const whole = (text: string | undefined) => (text === undefined || redacted(text) === text ? text : undefined);

  return {
    isShown,
    sanitized(sql, system, isCut) {
      const key = `${isCut ? '…' : ''}${system} ${sql}`;
      const found = known.get(key);
      if (found !== undefined) return found;
      const { text, summary, operation, collection } = sanitizeSql(sql, system, isCut);
      const made = {
        text: redacted(text),
        summary: whole(summary),
        operation: whole(operation),
        collection: whole(collection),
      };
      // The oldest goes: texts with literals come once.
      if (known.size >= MAX_KEPT) known.delete(known.keys().next().value as string);
      known.set(key, made);
      return made;
    },
    message: (text) => redacted(sanitizeSql(text, undefined).text),
  };
}
