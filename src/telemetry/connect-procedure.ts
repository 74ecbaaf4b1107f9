import type { Attributes } from '@opentelemetry/api';
import type { Value } from '../event/value.ts';
import { isServerError, statusCodeName } from './grpc-status.ts';
import { type HasFields, textField } from './preset-field.ts';
import { ATTR } from './semconv.ts';

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
  return isServerError(code.toUpperCase()) ? code : undefined;
}

/**
 * As connect.CodeOf has it, of the errors that can wrap no other one: what is within those may have a code that is not read
 * here, so they have none.
 */
export function codeOf(error: Value | undefined): string | undefined {
  if (error === undefined || error.value === null) return undefined;
  if (error.value === 'context canceled') return 'canceled';
  if (error.value === 'context deadline exceeded') return 'deadline_exceeded';
  if (error.goType === '*errors.errorString') return 'unknown';
  if (!Array.isArray(error.value)) return undefined;
  const code = (error.value as readonly Value[]).find(({ name }) => name === 'code')?.value;
  return typeof code === 'number' ? codeName(code) : undefined;
}

/** Numbers and names are gRPC's, but for one letter: https://connectrpc.com/docs/protocol#error-codes */
export function codeName(code: number): string {
  return statusCodeName(code).toLowerCase().replace('cancelled', 'canceled');
}
