import type { Attributes } from '@opentelemetry/api';
import type { Call } from '../event/call.ts';
import type { Value } from '../event/value.ts';
import { SIDESPAN } from './semconv.ts';

/** A call, or what is known of several. */
export type HasFields = Pick<Call, 'fields'>;

/** What a preset's capture read under this name, or why it could not. */
export function fieldOf({ fields }: HasFields, name: string): Value | undefined {
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index];
    if (field?.name === name) return field;
  }
  return undefined;
}

/** What a preset's capture read under this name; undefined if it was not asked for, not there or could not be read. */
export function textField(call: HasFields, name: string): string | undefined {
  const value = fieldOf(call, name)?.value;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The same, undefined also where it was cut: part of it would mean something else. */
export function wholeTextField(call: HasFields, name: string): string | undefined {
  return fieldOf(call, name)?.truncated === undefined ? textField(call, name) : undefined;
}

/** An integer that a number holds exactly. */
export function integerField(call: HasFields, name: string): number | undefined {
  const value = fieldOf(call, name)?.value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** Whether a pointer or interface is set; undefined where that could not be read. */
export function isSetField(call: HasFields, name: string): boolean | undefined {
  const field = fieldOf(call, name);
  if (field === undefined || field.value === undefined) return undefined;
  return field.value !== null && field.value !== false && field.value !== 0;
}

/** Says which fields could not be read, and why, and which were cut, by the preset's names. Usually none. @param except a field whose type alone is wanted */
export function addCaptureNotes(call: HasFields, attributes: Attributes, except?: string): void {
  let missing: string[] | undefined;
  let cut: string[] | undefined;
  for (const { name, unavailable, truncated, hasMoreLines } of call.fields) {
    if (name === except) continue;
    if (unavailable !== undefined) {
      missing ??= [];
      missing.push(`${name}: ${unavailable}`);
    }
    if (truncated !== undefined) {
      cut ??= [];
      cut.push(`${name}: of ${truncated.of}`);
    }
    if (hasMoreLines) {
      cut ??= [];
      cut.push(`${name}: more lines`);
    }
  }
  if (missing !== undefined) attributes[SIDESPAN.UNAVAILABLE] = missing;
  if (cut !== undefined) attributes[SIDESPAN.TRUNCATED] = cut;
}
