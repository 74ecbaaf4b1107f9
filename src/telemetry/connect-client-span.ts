import type { CallContent } from '../event/call.ts';
import type { Value } from '../event/value.ts';
import { clientError, errorOf } from './call-error.ts';
import { codeName, codeOf } from './connect-procedure.ts';
import { addressOf } from './network-address.ts';
import { fieldOf, type HasFields, integerField, textField } from './preset-field.ts';
import type { RpcClientFacts } from './rpc-client-span.ts';

/** How a call of connect-go ended; the code undefined: well, or it is not known. */
interface Outcome {
  readonly code?: string | undefined;
  /** Go's type of an error that has no code. */
  readonly errorType?: string | undefined;
  readonly message?: string | undefined;
}

/** As a label: none of an error. */
const OTHER_STATUS = '_OTHER';

/** Of src/probe/presets/connect.ts. */
export function connectClientFacts(call: Pick<CallContent, 'fields' | 'end'>): RpcClientFacts {
  const connection = fieldOf(call, 'connection');
  const target = fieldOf(call, 'target') ?? (connection && partOf(connection, 'target'));
  const server = typeof target?.value === 'string' && !target.truncated ? addressOf(target.value) : undefined;
  const { code, errorType, message } = outcomeOf(call, connection);
  return {
    system: 'connectrpc',
    method: textField(call, 'method')?.replace(/^\//, ''),
    serverAddress: server?.address,
    serverPort: server?.port,
    statusCode: code,
    errorType: call.end === 'panic' || call.end === 'goexit' ? call.end : (code ?? errorType),
    message,
  };
}

function outcomeOf(call: HasFields, connection: Value | undefined): Outcome {
  if (connection !== undefined) return outcomeOfStream(connection);
  // Of a stream that is not sampled.
  const code = integerField(call, 'streamCode');
  if (code) return { code: codeName(code) };
  const status = textField(call, 'streamStatus');
  if (status !== undefined) return status === OTHER_STATUS ? {} : { code: codeName(Number(status)) };
  const error = errorOf(call);
  if (error === undefined) return {};
  const outcome = outcomeOfError(error);
  const isStream = (fieldOf(call, 'streamCode') ?? fieldOf(call, 'streamStatus')) !== undefined;
  return isStream ? streamEnd(outcome) : outcome;
}

function outcomeOfError(error: Value): Outcome {
  const failure = clientError(error);
  if (failure === undefined) return {};
  const message = partOf(error, 'message')?.value ?? failure.status.message;
  return {
    code: codeOf(error),
    errorType: failure.type,
    message: typeof message === 'string' ? message : undefined,
  };
}

/** By its last message or trailers, else by what the request came to. */
function outcomeOfStream(connection: Value): Outcome {
  const code = partOf(connection, 'code')?.value;
  if (typeof code === 'number' && code > 0) {
    const message = partOf(connection, 'message')?.value;
    return { code: codeName(code), message: typeof message === 'string' ? message : undefined };
  }
  const status = partOf(connection, 'status')?.value;
  if (typeof status === 'string' && status !== '') return status === '0' ? {} : { code: codeName(Number(status)) };
  const error = partOf(connection, 'error');
  if (error === undefined || error.value === null) return {};
  return streamEnd(outcomeOfError(error));
}

/** Until 1.15 that the stream has ended is kept as an error too. */
function streamEnd(outcome: Outcome): Outcome {
  return /(^|: )EOF$/.test(outcome.message ?? '') ? {} : outcome;
}

function partOf({ value }: Value, name: string): Value | undefined {
  return Array.isArray(value) ? (value as readonly Value[]).find((part) => part.name === name) : undefined;
}
