import { seriesKeyLayout, seriesRest, textStatus } from '../bpf/map-layout.ts';
import type { LabelShape } from '../probe/capture/shape.ts';
import type { Call } from './call.ts';
import type { DecodeContext } from './decode-value.ts';
import { callEnds } from './layout.ts';
import type { Value } from './value.ts';

/** What is known of calls that the kernel has counted together, as a call has it. */
export type CallGroup = Pick<Call, 'end' | 'fields' | 'results'>;

/** LABEL_ABSENT, LABEL_OTHER of bpf/event.h */
const absent = 254;
const other = 255;
/** Values are kept plus 1. */
const largestByte = 253;
const largestCode = 65533;
/** A note's text is whole; or a part begins at the number less the next one: LABEL_NOTE, LABEL_PART of bpf/event.h. */
const wholeNote = 1;
const firstPart = 2;
/** Of a dynamic type: there is none. */
const nilType = 1;

/**
 * Reads struct series_key (bpf/event.h).
 * @param errorResult of a function: which of the results the type is of
 * @returns undefined for the calls of which nothing is told apart
 */
export function callGroup(
  key: Uint8Array,
  labels: readonly LabelShape[],
  context: DecodeContext,
  errorResult?: number,
): CallGroup | undefined {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  const end = view.getUint16(seriesKeyLayout.end, true);
  if (end === seriesRest) return undefined;
  const fields: Value[] = [];
  const results: Value[] = [];
  const begins = textBegins(labels, view);
  for (const label of labels) {
    if (label.label === 'type' && errorResult !== undefined) results[errorResult] = typeValue(label, view, context);
    else fields.push(labelValue(label, view, begins, context));
  }
  return { end: callEnds[end] ?? 'unpaired', fields, results };
}

/** The same of one call that is open, by the labels in its frame. */
export function openCallGroup(labels: Uint8Array, shapes: readonly LabelShape[], context: DecodeContext): CallGroup {
  const key = new Uint8Array(seriesKeyLayout.sizeBytes);
  key.set(labels, seriesKeyLayout.labels);
  return callGroup(key, shapes, context) ?? { end: 'unpaired', fields: [], results: [] };
}

function labelValue(
  { name = '', type, goType, label, place, choices = [] }: LabelShape,
  view: DataView,
  begins: readonly number[],
  context: DecodeContext,
): Value {
  const base = { name, type, goType };
  const unread = { ...base, unavailable: 'not read' };
  if (label === 'text') {
    const own = textOf(view, 0, Math.min(...begins));
    return { ...base, value: own === '' ? null : own };
  }
  const at = seriesKeyLayout.labels + place;
  const number = label === 'code' ? view.getUint16(at, true) : view.getUint8(at);
  if (number === 0) return unread;
  switch (label) {
    case 'byte':
      return number > largestByte ? { ...base, unavailable: 'too large' } : { ...base, value: number - 1 };
    case 'code':
      return number > largestCode ? { ...base, unavailable: 'too large' } : { ...base, value: number - 1 };
    case 'present':
      return { ...base, value: number === 1 ? null : true };
    case 'note':
      return number === wholeNote ? { ...base, ...partOf(view, 0, begins) } : { ...base, value: null };
    case 'part':
      return number === wholeNote ? { ...base, value: null } : { ...base, ...partOf(view, number - firstPart, begins) };
    case 'dynamicType': {
      if (number === nilType) return { ...base, value: null };
      const found = context.typeName(Number(wordAt(view, number - firstPart)));
      return found === undefined ? unread : { ...base, goType: found, value: '' };
    }
    case 'constant':
    case 'shape':
      return { ...base, ...wordText(wordAt(view, number - firstPart), context) };
    default:
      if (number === absent) return { ...base, value: null };
      return { ...base, value: number === other ? otherChoice : (choices[number - 1] ?? otherChoice) };
  }
}

/** A text that is none of the choices, and whose own is not known. */
const otherChoice = '_OTHER';

/** Where texts and words begin in the key's text, and its end; a note has put its own in the place of all. */
function textBegins(labels: readonly LabelShape[], view: DataView): number[] {
  const begins = [view.getUint8(seriesKeyLayout.text_bytes)];
  for (const { label, place } of labels) {
    if (!inText.has(label)) continue;
    const number = view.getUint8(seriesKeyLayout.labels + place);
    if (number >= firstPart) begins.push(number - firstPart);
    else if (number === wholeNote && label !== 'dynamicType') begins.push(0);
  }
  return begins;
}

const inText: ReadonlySet<LabelShape['label']> = new Set(['note', 'part', 'dynamicType', 'constant', 'shape']);

/** To where the next one begins. Cut short it would be another text. */
function partOf(view: DataView, from: number, begins: readonly number[]): Pick<Value, 'value' | 'unavailable'> {
  const end = view.getUint8(seriesKeyLayout.text_bytes);
  const to = Math.min(end, ...begins.filter((begin) => begin > from));
  if (to === end && view.getUint8(seriesKeyLayout.text_status) === textStatus.cut) return { unavailable: 'too long' };
  return { value: textOf(view, from, to) };
}

function textOf(view: DataView, from: number, to: number): string {
  const room = seriesKeyLayout.sizeBytes - seriesKeyLayout.text;
  const bytes = new Uint8Array(view.buffer, view.byteOffset + seriesKeyLayout.text, room);
  // Words are aligned.
  return new TextDecoder().decode(bytes.subarray(from, to)).replace(/\0+$/, '');
}

function wordAt(view: DataView, at: number): bigint {
  const place = seriesKeyLayout.text + at;
  return at >= 0 && place + 8 <= view.byteLength ? view.getBigUint64(place, true) : 0n;
}

/** Most bytes of a constant: enough for nearly all queries. */
const mostConstantBytes = 1024;
/** SHAPE_NUMBER */
const shapeNumber = 2n ** 63n;

/** @param word a constant's linked address and, in the low 16 bits, its length; or the number of a shape */
function wordText(word: bigint, context: DecodeContext): Partial<Value> {
  if (word >= shapeNumber) return shapeValue(context.textShape?.(Number(word - shapeNumber)));
  const sizeBytes = Number(word & 0xffffn);
  const bytes = context.constantBytes?.(Number(word >> 16n), Math.min(sizeBytes, mostConstantBytes));
  if (bytes === undefined) return { unavailable: 'not read' };
  const value = new TextDecoder().decode(bytes);
  return { value, constant: true, ...(sizeBytes > mostConstantBytes && { truncated: { of: sizeBytes } }) };
}

function shapeValue(shape: ReturnType<NonNullable<DecodeContext['textShape']>>): Partial<Value> {
  if (shape === undefined) return { unavailable: 'not read' };
  const { text: value, isCut } = shape;
  return isCut ? { value, truncated: { of: Number.POSITIVE_INFINITY } } : { value };
}

/** nil, or some value of that type. */
function typeValue({ type, goType }: LabelShape, view: DataView, context: DecodeContext): Value {
  if (view.getUint8(seriesKeyLayout.text_status) === textStatus.none) return { name: '', type, goType, value: null };
  const vaddr = Number(view.getBigUint64(seriesKeyLayout.text, true));
  return { name: '', type, goType: context.typeName(vaddr) ?? 'error', value: '' };
}
