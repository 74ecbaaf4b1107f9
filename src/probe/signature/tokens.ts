import { SignatureError } from './signature-error.ts';

export interface Token {
  /** `end` has the text's length as its place. */
  readonly kind: 'name' | 'number' | 'string' | 'mark' | 'end';
  readonly text: string;
  readonly at: number;
}

/**
 * A name may be qualified by a package's name or by its whole path: `Request`, `http.Request`, `net/http.Request`,
 * `gopkg.in/yaml.v3.Node`. Dots, slashes and dashes belong to it only where it goes on behind them.
 */
const name = /[\p{L}_](?:[\p{L}\p{Nd}_~%]|[./-](?=[\p{L}\p{Nd}_~]))*/uy;
const number = /\d[\d_]*/y;
/** Tags of struct fields, which mean nothing here. */
const string = /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y;
const mark = /\.\.\.|<-|[()[\]{},;*]/y;
const space = /\s+/y;

/** The tokens from that place on; the last one is `end`. Throws a SignatureError at a character that Go has no use for. */
export function tokensOf(text: string, from: number): Token[] {
  const tokens: Token[] = [];
  let at = from;
  const take = (kind: Token['kind'], pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) return false;
    tokens.push({ kind, text: found, at });
    at += found.length;
    return true;
  };
  while (at < text.length) {
    space.lastIndex = at;
    const blank = space.exec(text)?.[0];
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    if (take('name', name) || take('number', number) || take('string', string) || take('mark', mark)) continue;
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    throw new SignatureError(text, at, `\`${character}\` has no place in a Go signature`);
  }
  tokens.push({ kind: 'end', text: '', at: text.length });
  return tokens;
}
