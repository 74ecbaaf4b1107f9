import type { Call } from '../event/call.ts';
import type { Value } from '../event/value.ts';

/** What a preset's capture read under this name; undefined if it was not asked for, not there or could not be read. */
export function textField(call: Call, name: string): string | undefined {
  const value = call.fields.get(name)?.value;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An integer that a number holds exactly. */
export function integerField(call: Call, name: string): number | undefined {
  const value = call.fields.get(name)?.value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** Whether a pointer or interface is set; undefined where that could not be read. */
export function isSetField(call: Call, name: string): boolean | undefined {
  const field: Value | undefined = call.fields.get(name);
  if (field === undefined || field.value === undefined) return undefined;
  return field.value !== null && field.value !== false && field.value !== 0;
}
