import type { SpanStatus } from '@opentelemetry/api';
import type { Value } from '../event/value.ts';
import { STATUS_ERROR, STATUS_ERROR_CODE } from './call-span.ts';
import { fieldOf, type HasFields } from './preset-field.ts';
import { contentJson } from './value-json.ts';

/** Why a call counts as failed. */
export interface CallFailure {
  /** `panic`, or Go's name of the error's dynamic type. */
  readonly type: string;
  readonly status: SpanStatus;
}

/** What a result of type `error` says; undefined: it was nil, or could not be read and may have been nil. */
export function callError(error: Value | undefined): CallFailure | undefined {
  if (error === undefined || error.value === undefined || error.value === null) return undefined;
  const message = typeof error.value === 'string' ? error.value : contentJson(error.value);
  return { type: error.goType, status: { code: STATUS_ERROR_CODE, message } };
}

/**
 * The field `error`: as it was captured, or made of what labels say of it (src/probe/preset/error-labels.ts): the type, and a
 * code, or the text where that is a constant or a type's only one. A list in place of a text: it is not known.
 */
export function errorOf(call: HasFields): Value | undefined {
  const error = fieldOf(call, 'error');
  if (error?.value !== '') return error;
  const label = (name: string) => fieldOf(call, name)?.value ?? undefined;
  const code = label('errorCode') ?? label('errorNumber');
  const text = label('errorText');
  if (code === undefined) return { ...error, value: text ?? ONLY_TEXTS[error.goType] ?? [] };
  const part = (name: string, value: Value['value']) => ({ name, type: '', goType: '', value: value ?? null });
  return { ...error, value: [part('code', code), part('message', text)] };
}

/** Of types whose values all have one. */
const ONLY_TEXTS: Readonly<Record<string, string>> = { 'context.deadlineExceededError': 'context deadline exceeded' };

/** Errors that are one of many values of their type, by their text. */
const ERROR_NAMES: Readonly<Record<string, string>> = {
  'context canceled': 'context.Canceled',
  'context deadline exceeded': 'context.DeadlineExceeded',
  EOF: 'io.EOF',
  'unexpected EOF': 'io.ErrUnexpectedEOF',
};

/**
 * The same for a client's error: known values by their names in Go, and what is not a text is left out, as it may be a
 * whole certificate. One of which only the type could be read counts.
 */
export function clientError(error: Value | undefined): CallFailure | undefined {
  if (error === undefined || error.value === null) return undefined;
  const { value, goType } = error;
  if (value === undefined && goType === 'error') return undefined;
  if (typeof value !== 'string') return { type: goType, status: STATUS_ERROR };
  return { type: ERROR_NAMES[value] ?? goType, status: { code: STATUS_ERROR_CODE, message: value } };
}
