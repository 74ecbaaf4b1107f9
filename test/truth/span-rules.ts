import type { SinkSpan } from '../support/otlp-sink.ts';
import { databaseRules } from './database-rules.ts';
import { pairings } from './span-pairs.ts';

/** Something that the two tracers say differently of one call. */
export interface Difference {
  readonly kind: string;
  /** `name`, `status`, an attribute's key … */
  readonly field: string;
  /** By the SDK's middleware. */
  readonly sdk: unknown;
  /** By Sidespan. */
  readonly own: unknown;
  readonly sdkSpan: SinkSpan;
  readonly ownSpan: SinkSpan;
}

export interface Rule {
  /** As docs/telemetry.md has it. */
  readonly name: string;
  readonly holds: (difference: Difference) => boolean;
}

/** Why the two may differ. All that holds is said by values: a rule for a field as a whole would hide what is wrong. */
const rules: readonly Rule[] = [
  {
    name: 'version without a zero',
    holds: ({ field, sdk, own }) => field === 'network.protocol.version' && sdk === '2.0' && own === '2',
  },
  {
    name: "a client's name is the method",
    holds: ({ kind, field, sdk, own, ownSpan }) =>
      kind === 'CLIENT' &&
      field === 'name' &&
      (sdk === `HTTP ${own}` ||
        (own === 'HTTP' && sdk === `HTTP ${ownSpan.attributes['http.request.method_original']}`)),
  },
  {
    name: 'error.type of a status',
    holds: ({ kind, field, sdk, own, ownSpan }) =>
      kind === 'SERVER' &&
      field === 'error.type' &&
      sdk === undefined &&
      (own === String(ownSpan.attributes['http.response.status_code']) || own === 'panic'),
  },
  {
    name: 'sizes as the headers say them',
    holds: ({ kind, field, sdk, own }) =>
      sdk === undefined &&
      (kind === 'CLIENT'
        ? /^http\.(request|response)\.body\.size$/.test(field) && typeof own === 'number'
        : field === 'http.response.body.size' && own === 0),
  },
  {
    name: 'sent again',
    holds: ({ kind, field, sdk, own }) =>
      kind === 'CLIENT' && field === 'http.request.resend_count' && sdk === undefined && own === 1,
  },
  {
    name: "a client's span ends with the headers",
    holds: ({ kind, field, own, sdkSpan, ownSpan }) =>
      kind === 'CLIENT' &&
      ['status', 'status message', 'error.type'].includes(field) &&
      (own === undefined || own === 'UNSET') &&
      sdkSpan.status === 'ERROR' &&
      Number(ownSpan.attributes['http.response.status_code']) < 400,
  },
  {
    name: "an error's name is what it is called in Go",
    holds: ({ kind, field, sdk, own }) =>
      kind === 'CLIENT' &&
      field === 'error.type' &&
      ((sdk === 'context.deadlineExceededError' && own === 'context.DeadlineExceeded') ||
        (sdk === '*errors.errorString' && own === 'io.EOF')),
  },
  {
    name: 'an error that is no text has no message',
    holds: ({ kind, field, sdk, own, ownSpan }) =>
      kind === 'CLIENT' &&
      field === 'status message' &&
      own === undefined &&
      String(sdk).startsWith('stream error: ') &&
      ownSpan.attributes['error.type'] === 'net/http.http2StreamError',
  },
  {
    name: 'without an answer no version',
    holds: ({ kind, field, sdk, own, ownSpan }) =>
      kind === 'CLIENT' &&
      field === 'network.protocol.version' &&
      sdk === '1.1' &&
      own === undefined &&
      !('http.response.status_code' in ownSpan.attributes),
  },
  {
    name: 'HEAD has no body',
    holds: ({ kind, field, own, ownSpan }) =>
      kind === 'SERVER' &&
      field === 'http.response.body.size' &&
      own === undefined &&
      ownSpan.attributes['http.request.method'] === 'HEAD',
  },
  {
    name: 'a panic is an error',
    holds: ({ kind, field, sdk, own, ownSpan }) =>
      kind === 'SERVER' &&
      field === 'status' &&
      sdk === 'UNSET' &&
      own === 'ERROR' &&
      ownSpan.attributes['sidespan.ended'] === 'panic',
  },
  {
    name: 'a panic after the status was sent',
    holds: ({ kind, field, sdk, own, ownSpan }) =>
      kind === 'SERVER' &&
      /^http\.response\.(status_code|body\.size)$/.test(field) &&
      sdk === undefined &&
      typeof own === 'number' &&
      ownSpan.attributes['sidespan.ended'] === 'panic',
  },
  {
    name: 'the query is there',
    holds: ({ kind, field, sdk, own }) =>
      kind === 'SERVER' && field === 'url.query' && sdk === undefined && typeof own === 'string',
  },
  {
    name: 'types of no package have no dot',
    holds: ({ field, sdk, own }) =>
      field === 'events' && JSON.stringify(sdk).replace('".string"', '"string"') === JSON.stringify(own),
  },
  {
    name: 'the status has a new name',
    holds: ({ field, sdk, own, sdkSpan, ownSpan }) =>
      (field === 'rpc.response.status_code' && own === undefined && sdk === ownSpan.attributes['rpc.status_code']) ||
      (field === 'rpc.status_code' && sdk === undefined && own === sdkSpan.attributes['rpc.response.status_code']),
  },
  {
    name: 'error.type of a gRPC status',
    holds: ({ field, sdk, own, sdkSpan }) =>
      field === 'error.type' &&
      sdk === undefined &&
      own === sdkSpan.attributes['rpc.response.status_code'] &&
      sdkSpan.status === 'ERROR',
  },
  {
    name: 'who called, and not where',
    holds: ({ kind, field, sdk, own, ownSpan }) =>
      kind === 'SERVER' &&
      ownSpan.attributes['rpc.system.name'] === 'grpc' &&
      (/^server\.(address|port)$/.test(field)
        ? own === undefined
        : /^(client\.address|network\.peer\.(address|port))$/.test(field) && sdk === undefined),
  },
  {
    // (*csAttempt).finish gets io.EOF, of which stats.End makes no error; the program gets the status that came.
    name: 'answered before the message was sent',
    holds: ({ kind, field, sdkSpan, ownSpan }) =>
      kind === 'CLIENT' &&
      ['status', 'status message', 'error.type', 'rpc.status_code', 'rpc.response.status_code'].includes(field) &&
      sdkSpan.attributes['rpc.response.status_code'] === 'OK' &&
      /\/(Missing|Chat)$/.test(ownSpan.name) &&
      ownSpan.status === 'ERROR',
  },
  {
    name: 'a method that says it is unimplemented',
    holds: ({ kind, field, own, sdkSpan, ownSpan }) =>
      kind === 'SERVER' &&
      sdkSpan.attributes['rpc.response.status_code'] === 'UNIMPLEMENTED' &&
      ((field === 'name' && own === 'grpc') ||
        (field === 'rpc.method' && own === '_OTHER') ||
        (field === 'rpc.method_original' && own === sdkSpan.attributes['rpc.method'])) &&
      ownSpan.attributes['rpc.method'] === '_OTHER',
  },
  {
    name: 'a panic that was recovered from',
    holds: ({ kind, field, sdk, ownSpan }) =>
      kind === 'SERVER' &&
      field === 'events' &&
      JSON.stringify(sdk) === '[]' &&
      ownSpan.attributes['rpc.status_code'] === 'INTERNAL',
  },
  {
    // What the middleware does itself: Request.WithContext.
    name: 'the route of a copied request',
    holds: ({ kind, field, sdk, own, ownSpan }) =>
      kind === 'SERVER' &&
      field === 'name' &&
      String(sdk).startsWith(`${own} /`) &&
      !('http.route' in ownSpan.attributes),
  },
  ...databaseRules,
];

/** The name of the rule that explains it; undefined: one of the two is wrong. */
export function ruleFor(difference: Difference): string | undefined {
  return rules.find(({ holds }) => holds(difference))?.name;
}

/** For a test that each is in the documentation. */
export const ruleNames: readonly string[] = [
  ...rules.map(({ name }) => name),
  ...Object.values(pairings).flatMap(({ aloneRules }) => aloneRules.map(({ name }) => name)),
];
