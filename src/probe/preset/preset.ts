import type { HeaderRole, headerRole } from '../capture/capture-op.ts';
import type { ProbeKind } from '../probe.ts';
import type { FailureLabels } from '../probe-plan.ts';

/**
 * A preset: what to probe of a known package and what to capture there. Literals only; everything that depends on the
 * binary (offsets, which of several names it has, registers) is found by compile-preset.ts.
 */
export interface Preset {
  /** `net/http server`: how it is named in reports. */
  readonly name: string;
  /** `net/http`: how it is switched on, with others of the same name (SIDESPAN_PRESETS). */
  readonly library: string;
  readonly kind: ProbeKind;
  readonly scopeName: string;
  /**
   * Of clients: a call within an open one of the same group on the same goroutine is none of its own, whatever preset it
   * is of. The outermost one is what the program asked for.
   */
  readonly group?: string | undefined;
  /** Calls begin a trace of their own unless a server call encloses them. */
  readonly server: boolean;
  /** Calls end at a `finish` site, not at their function's RET. */
  readonly held: boolean;
  /**
   * Where calls begin (`enter`), each with a probe of its own; behind it the sites that end these calls, if it is not
   * the function's RET.
   */
  readonly sites: readonly PresetSite[];
  /** Which labels say that a call failed. What is kept for that is judged once more as a span. */
  readonly failure?: FailureLabels | undefined;
  /** For calls that end in another way: panic, Goexit, a hijacked connection. Only from saved words. */
  readonly abandoned?: PresetCapture | undefined;
  /** The same for a call that is not sampled. */
  readonly abandonedLabels?: PresetCapture | undefined;
  /** What to read of values behind the capture's interfaces, besides what every plan knows. */
  readonly dynamicTypes?: readonly PresetDynamicType[] | undefined;
  /**
   * Interfaces whose implementations may pass on to another one, of any of these: of those with a field of such a type that is
   * read as `wrapped`, whatever they are called.
   */
  readonly wrapped?: readonly string[] | undefined;
}

/** A preset without calls of its own, which says something of another one's. Word 3 of those is for it to keep. */
export interface NotesPreset {
  readonly name: string;
  readonly library: string;
  /** The name of the other one. */
  readonly notes: string;
  /** All of them `note`, and all of them needed that are not `optional`. */
  readonly sites: readonly PresetSite[];
  readonly dynamicTypes?: readonly PresetDynamicType[] | undefined;
}

export type AnyPreset = Preset | NotesPreset;

export interface PresetSite {
  /**
   * The names that the function has had; the first which the binary has is taken. `connect.NewClient[*].func2` is every instance
   * of a generic function, of an `enter` whose calls end at RETs: all of them are one probe's, as if each but the first were `again`.
   */
  readonly functions: readonly string[];
  /** At the function's entry, at all its exits, or where it makes its only indirect call: arguments are those of what it calls. */
  readonly where: 'entry' | 'exits' | 'call';
  /**
   * `release` ends a call that went on with an object (`keeps`), at the entry of a function that has it as an argument.
   * `note` says something of the innermost open call of another preset (`NotesPreset`).
   */
  readonly action: 'enter' | 'finish' | 'release' | 'note' | 'scopeEnd' | 'goroutineEnd';
  readonly capture?: PresetCapture | undefined;
  /** Of `enter`: where the call's context.Context is. A server's is the one that it made for the request. */
  readonly context?: PresetContextPlace | undefined;
  /** Of `enter`: its calls end at the function's RETs, where this is read. */
  readonly results?: PresetCapture | undefined;
  /** In place of `capture` and `results` for a call that is not sampled: `label` fields only. */
  readonly labels?: PresetCapture | undefined;
  readonly resultLabels?: PresetCapture | undefined;
  /** Of `enter`: in place of the preset's. */
  readonly abandoned?: PresetCapture | undefined;
  readonly abandonedLabels?: PresetCapture | undefined;
  /** Of `enter`: what is the same for all its calls, by names of fields. */
  readonly known?: Readonly<Record<string, string>> | undefined;
  /**
   * Of `enter` with `results`: if this word of the results is an object's address, the call goes on until its `release`;
   * of `release`: the word of the arguments. What is wanted of such a call at its end is kept in words (`save`).
   */
  readonly object?: number | undefined;
  /** In programs that have this type the word is the address of one, and the object is in that interface of it. */
  readonly objectIn?: { readonly type: string; readonly path: string } | undefined;
  /** Of `finish`: it may also be hit when the call has ended there before, so it tells of no call that began before us. */
  readonly repeats?: boolean | undefined;
  /** The preset works without it; why it may be missing. */
  readonly optional?: string | undefined;
  /** Of `enter`: what begins there are calls of the probe of the `enter` before it, whose captures it has too. */
  readonly again?: boolean | undefined;
  /** Programs that don't have all of these functions do without the site. */
  readonly neededFor?: readonly string[] | undefined;
}

/** A context.Context whose first word is the n-th one of the arguments, or at a path from the pointer there. */
export interface PresetContextPlace {
  readonly argument: number;
  readonly types?: readonly string[] | undefined;
  readonly path?: string | undefined;
}

export interface PresetCapture {
  readonly words: readonly PresetWord[];
}

/** A word, or those of a string or an interface, in the capture's first image. */
export interface PresetWord {
  readonly from: WordSource;
  /** Absent: a pointer. The others are two words, the first of which `from` and `save` name. */
  readonly as?: 'string' | 'interface' | undefined;
  /** Of a pointer to a struct: names that its struct type has had. Absent: the word is only kept. */
  readonly types?: readonly string[] | undefined;
  /** The same of a generic type: an interface of pointers to all its instances, in which the fields lie alike. */
  readonly implementing?: string | undefined;
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
  /** Of the struct that is passed as it is, behind that many words of arguments, the word (or two) of a field. */
  | { readonly argument: number; readonly struct: string; readonly path: string }
  /** The n-th word of the results at a RET, likewise; `behind` that many words of arguments, all of them whole. */
  | { readonly result: number; readonly behind: number }
  /** Kept at entry. */
  | { readonly saved: number };

export type PresetField =
  /** The value at the path. */
  | {
      readonly field: string;
      readonly path: PresetPath;
      readonly maxBytes?: number;
      readonly whenNil?: number;
      readonly optional?: boolean;
      /** Of a string: as for `text`. */
      readonly raw?: boolean;
      /**
       * Path of a string in the struct that leads here: the field is read only where that is empty. The same for all
       * fields behind one pointer.
       */
      readonly unless?: string;
    }
  /** How many messages passed on the gRPC stream whose address is there, and their bytes. Without a path: in the word itself. */
  | { readonly messages: true; readonly path?: PresetPath }
  /** Whether the pointer at the path is set. */
  | { readonly present: string; readonly path: PresetPath; readonly optional?: boolean }
  /** A header of the map[string][]string at the path. */
  | {
      readonly field: string;
      readonly path: PresetPath;
      readonly header: string;
      readonly role?: typeof headerRole.traceState;
      readonly maxBytes?: number;
      readonly optional?: boolean;
    }
  /**
   * The headers that are asked for of those at the path; http-options.ts puts them in its place. `sentAt`: where a copy of
   * what was sent is, once there is one.
   */
  | {
      readonly captured: CapturedHeaders;
      readonly path: PresetPath;
      readonly sentAt?: PresetPath;
      readonly optional?: boolean;
    }
  /** The header goes to the frame's trace context. By its spelling propagation.ts adds the headers of other formats. */
  | {
      readonly traceparent: string;
      readonly role?: HeaderRole;
      readonly path: PresetPath;
      readonly optional?: boolean;
    }
  /** A value kept in the context.Context at the path (of an interface's words: ''), which is a map[string][]string. */
  | {
      readonly context: string;
      readonly path: PresetPath;
      readonly fields: readonly ContextField[];
      readonly optional?: boolean;
    }
  /** Of a string's words: the string. `raw`: secrets stay in, telemetry takes them out by the text's own rules. */
  | { readonly text: string; readonly maxBytes?: number; readonly raw?: boolean }
  /** Of an interface's words: its dynamic value, an error as its message. `type`: the interface's own. */
  | { readonly dynamic: string; readonly type: string }
  /** Of an interface's words, as a label: whether it is not nil. */
  | { readonly isSet: string; readonly place: number }
  /** What metrics tell apart of calls that are not sampled. */
  | PresetLabel
  /**
   * Of an interface's words, or the interface at the path: labels in the struct behind it where its dynamic type is this one;
   * of what is no struct at the path `value`. Left out of programs without the type.
   */
  | { readonly behind: string; readonly path?: PresetPath; readonly fields: readonly PresetField[] }
  /** Of an interface's words: for what follows it is the one at the path in a value of this type, where it has that type. */
  | { readonly unwrap: string; readonly path: string }
  /** The same of the interface at the path, and of all types that pass on to another one of these interfaces (`wrapped`). */
  | { readonly unwrap: readonly string[]; readonly path: PresetPath }
  /** Of an interface's words: fields of its dynamic type, by their Go names. */
  | { readonly spread: Readonly<Record<string, string>> };

/**
 * A few bits of a call that is not sampled, which metrics need: eight bytes for all of them, and one text. The names are
 * those of the fields that a capture would have.
 */
export interface PresetLabel {
  readonly label: string;
  /** Of a string's words: ''. */
  readonly path: PresetPath;
  /**
   * byte: an integer below 253. present: whether the pointer is set. code: an integer in two bytes, at an even place.
   * choice: which of the texts it is. method: which of HTTP's known methods. text: up to so many bytes of it. size: no
   * label, but the size of the request's body (place 0) or of the answer's (1); an integer of 8 bytes. part: a text behind
   * the one that is there; its place says where it begins. note: of a `note`, a text in place of the one that is there; what it
   * adds as `part` is not heeded after that. dynamicType: of an interface. constant: a string, where the program has it as a constant. shape: a string up to its first
   * literal, where there was no constant.
   */
  readonly as:
    | 'byte'
    | 'present'
    | 'code'
    | 'text'
    | 'note'
    | 'part'
    | 'dynamicType'
    | 'constant'
    | 'shape'
    | 'size'
    | 'method'
    | { readonly choices: readonly string[]; readonly header?: string };
  /** Byte of the key; a text has its own. */
  readonly place: number;
  /** Of a `part` or `shape`: most bytes of it. */
  readonly maxBytes?: number | undefined;
  /** Of a code: behind a nil pointer. */
  readonly whenNil?: number;
  /** Of a size: smaller ones mean that it is not known. */
  readonly atLeast?: number;
  /** Of a text: it is left out where the code at that place is this one. */
  readonly unlessCode?: number;
  /**
   * Of a `note`, or a `part` of one: it is left out where the word at this path is zero. The path takes the same pointers. What
   * stands at the key's first two places meanwhile is not kept.
   */
  readonly ifSet?: PresetPath;
  readonly optional?: boolean;
}

export type ContextField =
  | { readonly traceparent: string; readonly role?: HeaderRole }
  | {
      readonly field: string;
      readonly header: string;
      readonly role?: typeof headerRole.traceState;
      readonly maxBytes?: number;
    };

/** Go field names separated by dots; several: the first that the type has. */
export type PresetPath = string | readonly string[];

/** Whose headers. */
export type CapturedHeaders = 'serverRequest' | 'serverResponse' | 'clientRequest' | 'clientResponse';

/** A dynamic type by name, and which of its fields to read. */
export interface PresetDynamicType {
  readonly type: string;
  /** Of the interface that holds such values: programs without its code have none. Asking for it is cheaper than for the type. */
  readonly method?: string | undefined;
  readonly fields: readonly {
    readonly name: string;
    readonly path: PresetPath;
    /** Of the map[string][]string at the path. */
    readonly header?: string | undefined;
  }[];
}
