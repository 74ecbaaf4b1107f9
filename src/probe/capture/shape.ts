import type { GenericType } from '../../binary/go-type.ts';
import type { HeaderRole, headerRole, interfaceKind, LabelKind, MapLayout, PointerCondition } from './capture-op.ts';

/**
 * How captured bytes are to be read. A shape mirrors the plan made from it (capture-plan.ts): reader and plan walk the
 * same tree in the same order. `at` is an offset in the current image, as in bpf/event.h.
 */
interface ShapeBase {
  /** As in Value.type: INT, []STRING, PTR … */
  readonly type: string;
  readonly goType: string;
  readonly at: number;
}

export interface IntegerShape extends ShapeBase {
  readonly kind: 'integer';
  readonly sizeBytes: number;
  readonly signed: boolean;
  /** Of a preset: what it is when it lies behind a nil pointer (grpc-go's nil status is OK). */
  readonly whenNil?: number | undefined;
}

/**
 * word: only its size is known; bool; float of 4 or 8, complex of 8 or 16 bytes; address: unsafe.Pointer or a pointer to nothing readable; time: time.Time;
 * present: whether a pointer is not nil.
 */
export interface PlainShape extends ShapeBase {
  readonly kind: 'word' | 'bool' | 'float' | 'complex' | 'address' | 'time' | 'present';
  readonly sizeBytes: number;
  /** Of what came in float registers. */
  readonly known?: KnownFloat | undefined;
}

/** It is there if the low 32 bits of the word at that place of the current image have all these; else `inFloatRegister`. */
export interface KnownFloat {
  readonly at: number;
  readonly bits: number;
}

/** Go's name of the elements of what is shown as a text or hex; in generic code that of their shape. */
export const byteName = /^(?:go\.shape\.)?uint8(?:_\d+)?$/;

export const inFloatRegister = 'in float register';

/** string or []byte: one chunk with its bytes. */
export interface TextShape extends ShapeBase {
  readonly kind: 'text';
  readonly maxBytes: number;
  readonly isBytes: boolean;
  /** Secrets are not looked for: whoever gets it takes them out. */
  readonly raw?: boolean | undefined;
}

/** Fields lie in the same image. */
export interface StructShape extends ShapeBase {
  readonly kind: 'struct';
  readonly fields: readonly NamedShape[];
}

/** Items lie in the same image; `item` is relative to the item. */
export interface ArrayShape extends ShapeBase {
  readonly kind: 'array';
  readonly length: number;
  /** Items captured: at most length. */
  readonly items: number;
  readonly itemBytes: number;
  readonly item: Shape;
}

/** One chunk with the first items; then those of each item. `item` is relative to the item. */
export interface SliceShape extends ShapeBase {
  readonly kind: 'slice';
  /** 0: the items are not captured, no chunk. */
  readonly maxItems: number;
  readonly itemBytes: number;
  readonly item: Shape;
}

/** One chunk with what is pointed at; `target` is relative to it. */
export interface PointerShape extends ShapeBase {
  readonly kind: 'pointer';
  readonly sizeBytes: number;
  readonly target: Shape;
  /** The image stays in the kernel; a `words` shape has what is sent of it. */
  readonly unsent?: boolean | undefined;
  /** What is there is a gRPC stream, in whose place the counts of its messages are the target. */
  readonly messages?: boolean | undefined;
  readonly condition?: PointerCondition | undefined;
}

/** One chunk with up to four words of the image, at these offsets; the fields lie in the chunk. */
export interface WordsShape extends ShapeBase {
  readonly kind: 'words';
  readonly offsets: readonly number[];
  readonly fields: readonly NamedShape[];
}

/** One chunk: the first 8 bytes (map: number of entries, where none are captured; func: code address) or 16 (chan: length, capacity). */
export interface ReferenceShape extends ShapeBase {
  readonly kind: 'map' | 'chan' | 'func';
}

/**
 * One chunk with the first entries of a map; then those of each. Key and value lie in the entry, `keyShape` and
 * `valueShape` are relative to it.
 */
export interface MapShape extends ShapeBase {
  readonly kind: 'entries';
  readonly maxEntries: number;
  readonly entryBytes: number;
  readonly layout: MapLayout;
  readonly keyShape: Shape;
  readonly valueShape: Shape;
}

/** One chunk with the dynamic type; if that is known, its value and the chunks of its shape. */
export interface InterfaceShape extends ShapeBase {
  readonly kind: 'interface';
  /** What the first word leads to: `reflected` is a reflect.Value, whose third word tells where the value is. */
  readonly holder: keyof typeof interfaceKind;
  /** Of a preset: fields of the dynamic value that become fields of the capture, by their Go names. */
  readonly spread?: Readonly<Record<string, string>> | undefined;
}

/** One chunk with the first value of a key of a map[string][]string. */
export interface HeaderShape extends ShapeBase {
  readonly kind: 'header';
  readonly key: string;
  /** It is passed on to the requests that the program sends. */
  readonly role?: typeof headerRole.traceState | undefined;
  readonly maxBytes: number;
}

/** One chunk with the value of that key type in a context.Context; `target` is relative to it. */
export interface ContextShape extends ShapeBase {
  readonly kind: 'context';
  readonly keyTypeVaddr: number;
  readonly target: Shape;
}

/** Nothing to read but the map at `at`, whose traceparent (or B3 header) goes to the frame. No chunk and no value. */
export interface TraceparentShape extends ShapeBase {
  readonly kind: 'traceparent';
  readonly key: string;
  readonly role?: HeaderRole | undefined;
}

/** A label of a series, in place of a value of the call. No chunk. */
export interface LabelShape extends ShapeBase {
  readonly kind: 'label';
  /** What the reader calls it; absent: a part of another one. */
  readonly name?: string | undefined;
  readonly label: LabelKind;
  /** As in `op.label`. */
  readonly size: number;
  readonly place: number;
  readonly unless?: number | undefined;
  /** Texts that are told apart. */
  readonly choices?: readonly string[] | undefined;
  /** Of `found`: the header, and whether the plan before has looked it up. */
  readonly header?: { readonly key: string; readonly walked: boolean } | undefined;
}

/** A pointer that is not followed: null, or unavailable for that reason. No chunk. */
export interface UnfollowedShape extends ShapeBase {
  readonly kind: 'unfollowed';
  readonly reason: string;
}

/** Not captured at all. No chunk. */
export interface MissingShape extends ShapeBase {
  readonly kind: 'missing';
  readonly reason: string;
}

export type Shape =
  | IntegerShape
  | PlainShape
  | TextShape
  | StructShape
  | ArrayShape
  | SliceShape
  | PointerShape
  | WordsShape
  | ReferenceShape
  | MapShape
  | InterfaceShape
  | HeaderShape
  | ContextShape
  | TraceparentShape
  | LabelShape
  | UnfollowedShape
  | MissingShape;

export interface NamedShape {
  /** Empty in a preset: only a way to the named ones below. */
  readonly name: string;
  readonly shape: Shape;
}

/** What the reader of a capture gets: the shapes of its values over the first image. */
export interface CaptureShape {
  /** 0: the plan has no op and writes nothing. */
  readonly imageBytes: number;
  readonly values: readonly CapturedValue[];
  /** Of generic code at entry: where in the image the address of the call's dictionary is. */
  readonly dictionaryAt?: number | undefined;
  /** What came in float registers and can be read at some site. */
  readonly floats?: CapturedFloats | undefined;
}

export interface CapturedFloats {
  /** Of the image: the word whose bits say which parts are there. */
  readonly knownAt: number;
  /** `part`: its bit; `at`: in the image. */
  readonly parts: readonly { readonly part: number; readonly at: number; readonly sizeBytes: number }[];
}

export interface CapturedValue extends NamedShape {
  /** As in GoParameter: the shape names types by their own shapes (`go.shape.string`). */
  readonly dictionaryWord?: number | undefined;
  readonly genericType?: GenericType | undefined;
  /** Copied from memory: lost when the image's chunk says fault. */
  readonly onStack: boolean;
}

/** Offset behind the last byte of the current image that the shape reads. */
export function shapeEnd(shape: Shape): number {
  switch (shape.kind) {
    case 'integer':
    case 'word':
    case 'bool':
    case 'float':
    case 'complex':
    case 'address':
    case 'time':
    case 'present':
      return shape.at + shape.sizeBytes;
    case 'slice':
      return shape.at + 24;
    case 'interface':
      return shape.at + (shape.holder === 'reflected' ? 24 : 16);
    case 'text':
    case 'context':
      return shape.at + 16;
    case 'pointer':
      return Math.max(shape.at, shape.condition && 'unless' in shape.condition ? shape.condition.unless : 0) + 8;
    case 'map':
    case 'entries':
    case 'chan':
    case 'func':
    case 'header':
    case 'traceparent':
    case 'unfollowed':
      return shape.at + 8;
    case 'label':
      return shape.at + (textLabels.has(shape.label) ? 16 : 8);
    case 'array':
      return shape.at + shape.items * shape.itemBytes;
    case 'struct':
      return shape.fields.reduce((end, field) => Math.max(end, shapeEnd(field.shape)), shape.at);
    case 'words':
      return Math.max(...shape.offsets) + 8;
    case 'missing':
      return shape.at;
  }
}

/** Of two words: a string's, or an interface's. */
const textLabels: ReadonlySet<LabelKind> = new Set(['text', 'choice', 'note', 'part', 'unwrap', 'constant', 'shape']);

/** Whether reading the shape takes ops of its own besides the image. */
export function hasOps(shape: Shape): boolean {
  switch (shape.kind) {
    case 'struct':
      return shape.fields.some((field) => hasOps(field.shape));
    case 'array':
      return shape.items > 0 && hasOps(shape.item);
    case 'slice':
      return shape.maxItems > 0;
    case 'text':
    case 'pointer':
    case 'words':
    case 'map':
    case 'entries':
    case 'chan':
    case 'func':
    case 'interface':
    case 'header':
    case 'context':
    case 'traceparent':
    case 'label':
      return true;
    default:
      return false;
  }
}
