import { nameMatcher, usualSecretNames } from './secret-names.ts';
import { createSecretText, redactedText } from './secret-text.ts';

/** What is not to be shown. `default`: usual names and forms of secrets; more names (globs); `/patterns/` of texts. */
export interface RedactionRules {
  readonly usual: boolean;
  readonly names: readonly string[];
  readonly texts: readonly TextPattern[];
}

/** Of a regular expression; plain data, as it goes to the process that plans. */
export interface TextPattern {
  readonly source: string;
  readonly flags: string;
}

export const usualRules: RedactionRules = { usual: true, names: [], texts: [] };

/** Keeps secrets back: before a value is read where its name says it, else before anything is made of what was read. */
export interface Redaction {
  /**
   * Whether what has that name is not to be shown.
   * @param holdsText whether it can hold text. The usual names mean no numbers (`maxTokens`), those that the user gives do.
   */
  hidesName(name: string, holdsText: boolean): boolean;
  /**
   * The text with `REDACTED` in place of secrets.
   * @param isCut its end was not read: what may have been a secret's beginning counts as one.
   */
  text(text: string, isCut: boolean): string;
  /** The same by the patterns that the user gives, and by nothing else. */
  patterns(text: string): string;
}

/** Why there is no value. */
export const redacted = 'redacted';

/** Undefined: nothing is to be hidden. */
export function createRedaction(rules: RedactionRules | undefined): Redaction | undefined {
  const { usual = false, names = [], texts = [] } = rules ?? {};
  if (!usual && names.length === 0 && texts.length === 0) return undefined;
  const isUsual = nameMatcher(usual ? usualSecretNames : []);
  const isGiven = nameMatcher(names);
  const patterns = texts.map(({ source, flags }) => new RegExp(source, `${flags}g`));
  const secretText = createSecretText({
    forms: usual,
    texts: patterns,
    hides: (name) => isUsual(name) || isGiven(name),
  });
  return {
    hidesName: (name, holdsText) => (holdsText && isUsual(name)) || isGiven(name),
    text: secretText,
    patterns: (text) => patterns.reduce((shown, pattern) => shown.replace(pattern, redactedText), text),
  };
}
