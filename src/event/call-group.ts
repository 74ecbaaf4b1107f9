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
  const ownBytes = ownTextBytes(labels, view);
  for (const label of labels) {
    if (label.label === 'type' && errorResult !== undefined) results[errorResult] = typeValue(label, view, context);
    else fields.push(labelValue(label, view, ownBytes, context));
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
  ownBytes: number,
  context: DecodeContext,
): Value {
  const base = { name, type, goType };
  const unread = { ...base, unavailable: 'not read' };
  if (label === 'text') {
    if (view.getUint8(seriesKeyLayout.text_status) === textStatus.none || ownBytes === 0)
      return { ...base, value: null };
    return { ...base, value: textOf(view, 0, ownBytes) };
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
      return number === wholeNote ? { ...base, ...lastText(view, 0) } : { ...base, value: null };
    case 'part':
      return number === wholeNote ? { ...base, value: null } : { ...base, ...lastText(view, number - firstPart) };
    case 'dynamicType': {
      const found = context.typeName(Number(wordAt(view, number - firstPart)));
      return found === undefined ? unread : { ...base, goType: found, value: '' };
    }
    case 'constant':
      return { ...base, ...constantText(wordAt(view, number - firstPart), context) };
    default:
      if (number === absent) return { ...base, value: null };
      return { ...base, value: number === other ? otherChoice : (choices[number - 1] ?? otherChoice) };
  }
}

/** A text that is none of the choices, and whose own is not known. */
const otherChoice = '_OTHER';

/**
 * Of a key's text, how much is of the label `text`: behind it is another's, of which a label says where it begins, or a note
 * has put its own in its place.
 */
function ownTextBytes(labels: readonly LabelShape[], view: DataView): number {
  for (const { label, place } of labels) {
    if (label !== 'note' && label !== 'part') continue;
    const number = view.getUint8(seriesKeyLayout.labels + place);
    if (number > 0) return Math.max(0, number - firstPart);
  }
  return view.getUint8(seriesKeyLayout.text_bytes);
}

/** To the end. Cut short it would be another one. */
function lastText(view: DataView, from: number): Pick<Value, 'value' | 'unavailable'> {
  if (view.getUint8(seriesKeyLayout.text_status) === textStatus.cut) return { unavailable: 'too long' };
  return { value: textOf(view, from, view.getUint8(seriesKeyLayout.text_bytes)) };
}

function textOf(view: DataView, from: number, to: number): string {
  const room = seriesKeyLayout.sizeBytes - seriesKeyLayout.text;
  const bytes = new Uint8Array(view.buffer, view.byteOffset + seriesKeyLayout.text, room);
  return new TextDecoder().decode(bytes.subarray(from, to));
}

function wordAt(view: DataView, at: number): bigint {
  const place = seriesKeyLayout.text + at;
  return at >= 0 && place + 8 <= view.byteLength ? view.getBigUint64(place, true) : 0n;
}

/** Most bytes of a constant: enough for nearly all queries. */
const mostConstantBytes = 1024;

/** @param word its linked address and, in the low 16 bits, its length */
function constantText(word: bigint, context: DecodeContext): Pick<Value, 'value' | 'truncated' | 'unavailable'> {
  const sizeBytes = Number(word & 0xffffn);
  const bytes = context.constantBytes?.(Number(word >> 16n), Math.min(sizeBytes, mostConstantBytes));
  if (bytes === undefined) return { unavailable: 'not read' };
  const value = new TextDecoder().decode(bytes);
  return sizeBytes > mostConstantBytes ? { value, truncated: { of: sizeBytes } } : { value };
}

/** nil, or some value of that type. */
function typeValue({ type, goType }: LabelShape, view: DataView, context: DecodeContext): Value {
  if (view.getUint8(seriesKeyLayout.text_status) === textStatus.none) return { name: '', type, goType, value: null };
  const vaddr = Number(view.getBigUint64(seriesKeyLayout.text, true));
  return { name: '', type, goType: context.typeName(vaddr) ?? 'error', value: '' };
}
