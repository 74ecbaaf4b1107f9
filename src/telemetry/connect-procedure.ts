import type { Attributes } from '@opentelemetry/api';
import type { Value } from '../event/value.ts';
import { type HasFields, textField } from './preset-field.ts';
import { ATTR } from './semconv.ts';

/** https://connectrpc.com/docs/protocol#error-codes, by number; 0 is none. */
const CODES = [
  '',
  'canceled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
];

/** The conventions for RPC: of these the server is to blame. */
const SERVER_ERRORS = new Set([
  'unknown',
  'deadline_exceeded',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
]);

/**
 * Adds what connect-go's handler said of the request (src/probe/presets/connect.ts).
 * @returns the code of an error that the server is to blame for
 */
export function addConnectProcedure(call: HasFields, attributes: Attributes): string | undefined {
  const procedure = textField(call, 'connectProcedure');
  if (procedure === undefined) return undefined;
  attributes[ATTR.RPC_SYSTEM_NAME] = 'connectrpc';
  attributes[ATTR.RPC_METHOD] = procedure.replace(/^\//, '');
  const code = codeOf(call.fields.find(({ name }) => name === 'connectError'));
  if (code === undefined) return undefined;
  attributes[ATTR.RPC_STATUS_CODE] = code;
  return SERVER_ERRORS.has(code) ? code : undefined;
}

/** As connect.CodeOf has it: of any other error `unknown`, but for those of the context. */
function codeOf(error: Value | undefined): string | undefined {
  if (error?.value === undefined || error.value === null) return undefined;
  if (Array.isArray(error.value)) {
    const code = (error.value as readonly Value[]).find(({ name }) => name === 'code')?.value;
    if (typeof code === 'number') return CODES[code] ?? `code_${code}`;
  }
  if (error.value === 'context canceled') return 'canceled';
  return error.value === 'context deadline exceeded' ? 'deadline_exceeded' : 'unknown';
}
