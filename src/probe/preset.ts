import type { ProbeKind } from './probe.ts';

/**
 * A preset: what to probe of a known package and what to capture there. Literals only; everything that depends on the
 * binary (offsets, which of several names it has, registers) is found by compile-preset.ts.
 */
export interface Preset {
  /** `net/http server`: how it is switched on and named in reports. */
  readonly name: string;
  readonly kind: ProbeKind;
  readonly scopeName: string;
  /** Calls begin a trace of their own unless a server call encloses them. */
  readonly server: boolean;
  /** Calls end at a `finish` site, not at their function's RET. */
  readonly held: boolean;
  /** The first one is where calls begin. */
  readonly sites: readonly PresetSite[];
  /** For calls that end in another way: panic, Goexit, a hijacked connection. Only from saved words. */
  readonly abandoned?: PresetCapture | undefined;
  /** What to read of values behind the capture's interfaces, besides what every plan knows. */
  readonly dynamicTypes?: readonly PresetDynamicType[] | undefined;
}

export interface PresetSite {
  /** The names that the function has had; the first which the binary has is taken. */
  readonly functions: readonly string[];
  /** At the function's entry, or at all its exits. */
  readonly where: 'entry' | 'exits';
  readonly action: 'enter' | 'finish' | 'scopeEnd' | 'goroutineEnd';
  readonly capture?: PresetCapture | undefined;
  /** The preset works without it; why it may be missing. */
  readonly optional?: string | undefined;
}

export interface PresetCapture {
  readonly words: readonly PresetWord[];
}

/** A word, or an interface's pair, in the capture's first image. */
export interface PresetWord {
  readonly from: WordSource;
  /** Of a pointer to a struct: names that its struct type has had. Absent: the word is only kept. */
  readonly types?: readonly string[] | undefined;
  /** Keep the word in the frame, for the capture at the end. */
  readonly save?: number | undefined;
  readonly fields?: readonly PresetField[] | undefined;
}

export type WordSource =
  /**
   * The n-th word of the arguments: an integer register (amd64: 0 AX, 1 BX, 2 CX, 3 DI, 4 SI), before Go 1.17 on the
   * stack. All arguments up to it are whole words.
   */
  | { readonly argument: number }
  /** Kept at entry. */
  | { readonly saved: number }
  /** Kept at entry as two words: an interface. Its fields are found by dynamic type. */
  | { readonly savedInterface: readonly [itab: number, data: number] };

export type PresetField =
  /** The value at the path. */
  | {
      readonly field: string;
      readonly path: PresetPath;
      readonly maxBytes?: number;
      readonly whenNil?: number;
      readonly optional?: boolean;
      /**
       * Path of a string in the struct that leads here: the field is read only where that is empty. The same for all
       * fields behind one pointer.
       */
      readonly unless?: string;
    }
  /** Whether the pointer at the path is set. */
  | { readonly present: string; readonly path: PresetPath; readonly optional?: boolean }
  /** A header of the map[string][]string at the path. */
  | {
      readonly field: string;
      readonly path: PresetPath;
      readonly header: string;
      readonly maxBytes?: number;
      readonly optional?: boolean;
    }
  /** The header goes to the frame's trace context. */
  | { readonly traceparent: string; readonly path: PresetPath; readonly optional?: boolean }
  /** A value kept in the context.Context at the path, which is a map[string][]string. */
  | {
      readonly context: string;
      readonly path: PresetPath;
      readonly fields: readonly ContextField[];
      readonly optional?: boolean;
    }
  /** Of an interface: fields of its dynamic type, by their Go names. */
  | { readonly spread: Readonly<Record<string, string>> };

export type ContextField =
  | { readonly traceparent: string }
  | { readonly field: string; readonly header: string; readonly maxBytes?: number };

/** Go field names separated by dots; several: the first that the type has. */
export type PresetPath = string | readonly string[];

/** A dynamic type by name, and which of its fields to read. */
export interface PresetDynamicType {
  readonly type: string;
  readonly fields: readonly { readonly name: string; readonly path: string }[];
}
