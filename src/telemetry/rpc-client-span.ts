import type { Attributes } from '@opentelemetry/api';
import type { CallContent } from '../event/call.ts';
import { errorOf } from './call-error.ts';
import { type CallMeaning, SPAN_KIND, STATUS_ERROR, STATUS_ERROR_CODE, STATUS_UNSET } from './call-span.ts';
import { type GrpcStatus, statusCodeName, statusOfError } from './grpc-status.ts';
import { addressOf, type NetworkAddress } from './network-address.ts';
import {
  addCaptureNotes,
  type HasFields,
  integerField,
  isSetField,
  textField,
  wholeTextField,
} from './preset-field.ts';
import { addMessageCounts } from './rpc-messages.ts';
import { ATTR, SIDESPAN } from './semconv.ts';

/** What both the span and the metric of a call say. */
export interface RpcClientFacts {
  readonly system: 'grpc' | 'connectrpc';
  /** `pkg.Service/Method`, or undefined if it could not be read. */
  readonly method: string | undefined;
  readonly serverAddress: string | undefined;
  readonly serverPort: number | undefined;
  readonly statusCode: string | undefined;
  readonly errorType: string | undefined;
  /** Of the span alone: what the error says. */
  readonly message: string | undefined;
}

type CallFacts = Pick<CallContent, 'fields' | 'end'>;

export function rpcClientFacts(call: CallFacts): RpcClientFacts {
  const path = textField(call, 'method');
  const target = wholeTextField(call, 'target');
  const server = target === undefined ? undefined : serverOfTarget(target);
  const status = statusOf(call);
  return {
    system: 'grpc',
    method: path?.startsWith('/') ? path.slice(1) : path,
    serverAddress: server?.address,
    serverPort: server?.port,
    statusCode: status?.code,
    errorType: errorType(call, status),
    message: status?.message,
  };
}

function statusOf(call: HasFields): GrpcStatus | undefined {
  // Of a call that is not sampled, as far as there was room for it.
  const failed = isSetField(call, 'failed');
  if (failed === false || textField(call, 'endOfStream') === 'EOF') return { code: 'OK' };
  const code = integerField(call, 'code');
  if (code !== undefined) return { code: statusCodeName(code) };
  return statusOfError(errorOf(call)) ?? (failed ? { code: 'UNKNOWN' } : undefined);
}

/** To a client every other status than OK is an error. */
function errorType({ end }: CallFacts, status: GrpcStatus | undefined): string | undefined {
  if (end === 'panic' || end === 'goexit') return end;
  return status === undefined || status.code === 'OK' ? undefined : status.code;
}

/**
 * The server that a target names: `host:port`, `dns:///host:port`, `dns://resolver/host:port`, `unix:path`,
 * `unix:///path` (https://github.com/grpc/grpc/blob/master/doc/naming.md).
 */
export function serverOfTarget(target: string): NetworkAddress | undefined {
  const [, scheme, rest = target] = /^([a-z][a-z0-9+.-]*):(\/\/.*|(?!\d+$).*)$/i.exec(target) ?? [];
  if (scheme === undefined) return addressOf(target);
  const endpoint = rest.startsWith('//') ? rest.replace(/^\/\/[^/]*/, '') : rest;
  if (scheme === 'unix') return endpoint === '' ? undefined : { address: endpoint };
  return addressOf(endpoint.replace(/^\//, ''));
}

export function rpcClientMeaning(call: CallContent, facts: RpcClientFacts): CallMeaning {
  const attributes: Attributes = {};
  const { method, errorType, message } = facts;
  if (method !== undefined) attributes[ATTR.RPC_METHOD] = method;
  if (facts.serverAddress !== undefined) attributes[ATTR.SERVER_ADDRESS] = facts.serverAddress;
  if (facts.serverPort !== undefined) attributes[ATTR.SERVER_PORT] = facts.serverPort;
  if (facts.statusCode !== undefined) attributes[ATTR.RPC_STATUS_CODE] = facts.statusCode;
  if (errorType !== undefined) attributes[ATTR.ERROR_TYPE] = errorType;
  if (call.end !== 'returned') attributes[SIDESPAN.ENDED] = call.end;
  addMessageCounts(call, attributes);
  addCaptureNotes(call, attributes);
  const failed = message === undefined ? STATUS_ERROR : { code: STATUS_ERROR_CODE, message };
  return {
    name: method ?? facts.system,
    kind: SPAN_KIND.CLIENT,
    status: errorType === undefined ? STATUS_UNSET : failed,
    shared: SYSTEM_ATTRIBUTES[facts.system],
    attributes,
  };
}

/** Of all spans. */
const SYSTEM_ATTRIBUTES: Readonly<Record<RpcClientFacts['system'], Attributes>> = {
  grpc: { [ATTR.RPC_SYSTEM_NAME]: 'grpc' },
  connectrpc: { [ATTR.RPC_SYSTEM_NAME]: 'connectrpc' },
};
