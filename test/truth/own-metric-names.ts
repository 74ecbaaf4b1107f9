/** The metrics that libraries for Prometheus give to programs, how their labels name calls, and what they don't count. */
import type { Series } from '../support/exposition.ts';
import type { Rule, Witness } from './own-metrics.ts';

/** promhttp: methods in lower case, and `unknown`. */
const httpKey =
  (without = ''): Witness['key'] =>
  ({ code = without, method = '' }) =>
    `${method === 'unknown' ? '_OTHER' : method.toUpperCase()} ${code}`;

export const headRule: Rule = {
  name: "sizes of HEAD's answers",
  fold: (key) => (key.startsWith('HEAD ') ? undefined : key),
};

/** Of caddy before 2.11, and of what the test asks of it. */
export const errorRule: Rule = {
  name: "caddy's errors",
  fold: (key) => key.replace(/^GET (502|503)$/, 'GET error'),
};

const counted = { quantity: 'calls' } as const;

/** Of test/targets/instrumented, which counts itself what promhttp does not: handlers that panic, requests without an answer. */
export const promhttpWitnesses: readonly Witness[] = [
  ...['http_requests_total', 'http_request_duration_seconds_count'].map((name) => ({
    ...counted,
    side: 'http.server' as const,
    series: [name, 'http_panicked_total'],
    key: httpKey('panic'),
  })),
  {
    side: 'http.server',
    quantity: 'response bytes',
    series: ['http_response_size_bytes_sum'],
    key: httpKey(),
    rules: [headRule],
  },
  ...['http_client_requests_total', 'http_client_request_duration_seconds_count'].map((name) => ({
    ...counted,
    side: 'http.client' as const,
    series: [name, 'http_client_unanswered_total'],
    key: httpKey('no answer'),
  })),
];

/** Go's names of codes, as the conventions write them: `NotFound` is NOT_FOUND. */
function codeName(code: string): string {
  if (code === 'OK') return code;
  return code === 'Canceled' ? 'CANCELLED' : code.replace(/(?<=[a-z])[A-Z]/g, '_$&').toUpperCase();
}

const rpcKey = ({ grpc_service: service, grpc_method: method, grpc_code: code = '' }: Series['labels']) =>
  `${service}/${method} ${codeName(code)}`;

const unimplementedRule: Rule = {
  name: 'calls of unknown methods',
  fold: (key) => key.replace(/^.* UNIMPLEMENTED$/, '_OTHER UNIMPLEMENTED'),
};
const contextRule: Rule = {
  name: 'errors of contexts',
  fold: (key) => key.replace(/ (CANCELLED|DEADLINE_EXCEEDED|UNKNOWN)$/, ' UNKNOWN'),
};
/** Of series that name no status: by method, and of a server, where calls may be `_OTHER` to Sidespan, of all. */
const methodRule: Rule = { name: 'counts without a status', fold: (key) => key.split(' ')[0] };
const allRule: Rule = { ...methodRule, fold: () => 'all' };

export interface GrpcLibrary {
  /** go-grpc-prometheus instead of go-grpc-middleware. */
  readonly older: boolean;
  /** A method that the server does not have, whose calls its interceptors don't see. */
  readonly unknownMethod: string;
}

export function grpcWitnesses({ older, unknownMethod }: GrpcLibrary): readonly Witness[] {
  const server = (name: string, rules: readonly Rule[]): Witness => ({
    ...counted,
    side: 'rpc.server',
    series: [name, 'grpc_client_handled_total'],
    key: (labels, series) => (series === name || labels.grpc_method === unknownMethod ? rpcKey(labels) : undefined),
    rules,
  });
  const client = (name: string, rules: readonly Rule[] = []): Witness => ({
    ...counted,
    side: 'rpc.client',
    series: [name],
    key: rpcKey,
    rules,
  });
  const messages = (side: 'server' | 'client', way: 'sent' | 'received'): Witness => ({
    side: `rpc.${side}`,
    quantity: `messages ${way}`,
    series: [`grpc_${side}_msg_${way}_total`],
    key: rpcKey,
    rules: [side === 'server' ? allRule : methodRule],
  });
  return [
    server('grpc_server_handled_total', [unimplementedRule, ...(older ? [contextRule] : [])]),
    server('grpc_server_started_total', [allRule]),
    server('grpc_server_handling_seconds_count', [allRule]),
    client('grpc_client_handled_total'),
    client('grpc_client_started_total', [methodRule]),
    client('grpc_client_handling_seconds_count', [methodRule]),
    messages('server', 'sent'),
    messages('server', 'received'),
    messages('client', 'sent'),
    // To go-grpc-prometheus an answer to a unary call is received where there was none.
    ...(older ? [] : [messages('client', 'received')]),
  ];
}

export const ruleNames: readonly string[] = [headRule, errorRule, unimplementedRule, contextRule, methodRule].map(
  ({ name }) => name,
);
