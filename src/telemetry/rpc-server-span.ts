import type { Attributes } from '@opentelemetry/api';
import type { CallContent } from '../event/call.ts';
import { type CallMeaning, SPAN_KIND, STATUS_ERROR, STATUS_ERROR_CODE, STATUS_UNSET } from './call-span.ts';
import { isServerError, statusCodeName } from './grpc-status.ts';
import { addressOf } from './network-address.ts';
import { addCaptureNotes, integerField, textField, wholeTextField } from './preset-field.ts';
import { addMessageCounts } from './rpc-messages.ts';
import { ATTR, SIDESPAN } from './semconv.ts';

/** What both the span and the metric of a gRPC call say. */
export interface RpcServerFacts {
  /** `pkg.Service/Method`, `_OTHER`, or undefined if it could not be read. */
  readonly method: string | undefined;
  /** `OK`, `NOT_FOUND` …; a code that gRPC does not define as digits. */
  readonly statusCode: string | undefined;
  readonly errorType: string | undefined;
}

const OTHER_METHOD = '_OTHER';
/** Of all spans. */
const GRPC_ATTRIBUTES: Attributes = { [ATTR.RPC_SYSTEM_NAME]: 'grpc' };

export function rpcServerFacts(call: Pick<CallContent, 'fields' | 'end'>): RpcServerFacts {
  const code = integerField(call, 'code');
  const statusCode = code === undefined ? undefined : statusCodeName(code);
  const path = textField(call, 'method');
  return {
    method: methodName(path, statusCode),
    statusCode,
    errorType: errorType(call, statusCode),
  };
}

function errorType(call: Pick<CallContent, 'end'>, statusCode: string | undefined): string | undefined {
  if (call.end === 'panic' || call.end === 'goexit') return call.end;
  return statusCode !== undefined && isServerError(statusCode) ? statusCode : undefined;
}

/**
 * A method that the server doesn't have is answered with UNIMPLEMENTED, and so is one that is generated but not
 * written: they can't be told apart, and then the conventions want `_OTHER`, as anybody may make such names up.
 */
function methodName(path: string | undefined, statusCode: string | undefined): string | undefined {
  if (statusCode === 'UNIMPLEMENTED') return OTHER_METHOD;
  return path === undefined ? undefined : originalMethod(path);
}

function originalMethod(path: string): string {
  return path.charCodeAt(0) === 0x2f /* / */ ? path.slice(1) : path;
}

export function rpcServerMeaning(call: CallContent, facts: RpcServerFacts): CallMeaning {
  const { method, statusCode, errorType } = facts;
  const attributes: Attributes = {};
  if (method !== undefined) {
    attributes[ATTR.RPC_METHOD] = method;
    const path = textField(call, 'method');
    if (method === OTHER_METHOD && path !== undefined) attributes[ATTR.RPC_METHOD_ORIGINAL] = originalMethod(path);
  }
  if (statusCode !== undefined) attributes[ATTR.RPC_STATUS_CODE] = statusCode;
  if (errorType !== undefined) attributes[ATTR.ERROR_TYPE] = errorType;
  const remote = textField(call, 'peer');
  const peer = remote === undefined ? undefined : addressOf(remote);
  if (peer !== undefined) {
    attributes[ATTR.CLIENT_ADDRESS] = peer.address;
    attributes[ATTR.NETWORK_PEER_ADDRESS] = peer.address;
    if (peer.port !== undefined) attributes[ATTR.NETWORK_PEER_PORT] = peer.port;
  }
  if (call.end !== 'returned') attributes[SIDESPAN.ENDED] = call.end;
  addMessageCounts(call, attributes);
  addCaptureNotes(call, attributes);

  const message = textField(call, 'message');
  return {
    name: method === undefined || method === OTHER_METHOD ? 'grpc' : method,
    kind: SPAN_KIND.SERVER,
    status:
      errorType === undefined
        ? STATUS_UNSET
        : message === undefined
          ? STATUS_ERROR
          : { code: STATUS_ERROR_CODE, message },
    shared: GRPC_ATTRIBUTES,
    attributes,
    traceState: wholeTextField(call, 'tracestate'),
  };
}
