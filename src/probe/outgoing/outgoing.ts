import type { PresetPath } from '../preset/preset.ts';

/**
 * Where a library's clients write their requests: at which functions the call is told from one goroutine to the next, and
 * where the header is written. Literals only, as presets are; what depends on the binary is found by plan-outgoing.ts.
 */
export interface Outgoing {
  /** `net/http HTTP/1.1 requests`: how it is named in reports. */
  readonly name: string;
  readonly library: string;
  /** The preset whose calls the requests are of. */
  readonly of: string;
  /** All of them are needed. */
  readonly sites: readonly OutgoingSite[];
}

export interface OutgoingSite {
  /** The names that the function has had; the first which the binary has is taken. */
  readonly functions: readonly string[];
  readonly where: 'entry' | 'exits';
  /**
   * `pass`: the call that is open on this goroutine is known by `key` from here on. `passOn`: the call known by `key` is
   * known by this goroutine from here on. The others write the header for the call that is known by `key`.
   */
  readonly action: 'pass' | 'passOn' | 'writeLine' | 'writeBlock';
  /** Left out: the goroutine. */
  readonly key?: WordPlace | undefined;
  /** The request's headers; where the header is looked for, and of `writeLine`: whose turn it is to be written. */
  readonly headers?: (WordPlace & { readonly are: 'map' | 'fields' }) | undefined;
}

/** A word of the arguments (at the exits: of the results), or where a path from the pointer in it leads. */
export interface WordPlace {
  readonly word: number;
  readonly types?: readonly string[] | undefined;
  readonly path?: PresetPath | undefined;
}
