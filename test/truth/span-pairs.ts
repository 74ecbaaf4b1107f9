import type { SinkSpan } from '../support/otlp-sink.ts';

/** Which spans of the two tracers are of the same call. */
export interface Pairing {
  /** The same for both; several calls in turn may have it. @param parent of the same tracer's */
  readonly keyOf: (span: SinkSpan, parent: SinkSpan | undefined) => string;
  /** Why there may be more spans by the one than by the other, as docs/telemetry.md has it. */
  readonly aloneRules: readonly AloneRule[];
  /** Whether the calls of this kind that Sidespan sees begin before the middleware's and end after them, or the other way round. */
  readonly outer: Readonly<Record<string, 'sdk' | 'own'>>;
}

export interface AloneRule {
  readonly name: string;
  /** Whose spans. */
  readonly by: 'sdk' | 'own';
  readonly holds: (span: SinkSpan) => boolean;
}

/** A server's have the same parent, the SDK's client, that came in the `traceparent`; a client's have the same request. */
function requestKey({ kind, traceId, parentSpanId, attributes }: SinkSpan): string {
  if (kind === 'SERVER') return `SERVER ${traceId} ${parentSpanId}`;
  const { 'http.request.method': method, 'http.request.method_original': original } = attributes;
  const what = attributes['url.full'] ?? attributes['rpc.method'];
  return `${kind} ${original ?? method ?? ''} ${what}`;
}

const requests: Pairing = {
  keyOf: requestKey,
  outer: { SERVER: 'own', CLIENT: 'sdk' },
  aloneRules: [],
};

const rpcs: Pairing = {
  keyOf: requestKey,
  outer: {},
  aloneRules: [
    // The middleware never ends them.
    {
      name: 'calls of unknown methods',
      by: 'own',
      holds: ({ attributes }) => attributes['rpc.method'] === '_OTHER',
    },
  ],
};

/** What the middleware of database/sql calls operations, and what Sidespan does; the rest are statements. */
const operationNames: Readonly<Record<string, string>> = {
  'sql.conn.prepare': 'PREPARE',
  'sql.conn.begin_tx': 'BEGIN',
  'sql.tx.commit': 'COMMIT',
  'sql.tx.rollback': 'ROLLBACK',
  'sql.conn.ping': 'PING',
};
const ofRows = 'sql.rows';
const ofConnections = ['sql.conn.reset_session', 'sql.connector.connect'];

/** Operations of requests to the server, each of which has another path: so what is compared has the same parent. */
function operationKey({ kind, name, attributes }: SinkSpan, parent: SinkSpan | undefined): string {
  if (kind === 'SERVER') return `SERVER ${attributes['url.path']}`;
  const operation = String(attributes['db.operation.name']);
  const what = [ofRows, ...ofConnections].includes(name)
    ? name
    : (operationNames[name] ?? Object.values(operationNames).find((each) => each === operation) ?? 'statement');
  return `${what} of ${parent?.attributes['url.path']}`;
}

const operations: Pairing = {
  keyOf: operationKey,
  outer: { SERVER: 'own', CLIENT: 'own' },
  aloneRules: [
    { name: 'rows are read after it', by: 'sdk', holds: ({ name }) => name === ofRows },
    { name: 'what a connection does besides', by: 'sdk', holds: ({ name }) => ofConnections.includes(name) },
    {
      name: 'tried again',
      by: 'sdk',
      holds: ({ events = [] }) =>
        events.some(({ attributes }) => attributes['exception.message'] === 'driver: bad connection'),
    },
    {
      name: 'what never comes to the driver',
      by: 'own',
      holds: ({ statusMessage = '', attributes }) =>
        // Of pgx, whose text is not read.
        attributes['error.type'] === '*github.com/jackc/pgx/v5/pgconn.ConnectError' ||
        /^context canceled$|^sql: transaction has already been committed or rolled back$|connect: connection refused$/.test(
          statusMessage,
        ),
    },
  ],
};

export const pairings = { http: requests, grpc: rpcs, sql: operations } as const;
