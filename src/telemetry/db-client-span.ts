import type { Attributes } from '@opentelemetry/api';
import type { CallContent } from '../event/call.ts';
import type { Value } from '../event/value.ts';
import type { SanitizedSql } from '../sql/sanitize-sql.ts';
import { textShape } from '../sql/text-shape.ts';
import { type CallFailure, clientError, errorOf } from './call-error.ts';
import { type CallMeaning, SPAN_KIND, STATUS_ERROR, STATUS_UNSET } from './call-span.ts';
import { databaseFailure, rootCause } from './database-error.ts';
import { databaseSystem, USUAL_PORTS } from './database-systems.ts';
import { addressOf } from './network-address.ts';
import { addCaptureNotes, fieldOf, integerField, textField } from './preset-field.ts';
import type { QueryTexts } from './query-texts.ts';
import { ATTR, SIDESPAN, UNSTABLE_ATTR } from './semconv.ts';

/** What both the span and the metric of an operation say. */
export interface DbClientFacts {
  /** Undefined of calls that were not captured. */
  readonly system: string | undefined;
  /** Made of the query, or a command's name: of low cardinality. */
  readonly summary: string | undefined;
  readonly operation: string | undefined;
  readonly collection: string | undefined;
  readonly namespace: string | undefined;
  readonly serverAddress: string | undefined;
  /** Undefined also where it is the system's usual one. */
  readonly serverPort: number | undefined;
  /** The database's code, Go's type of the error, `panic`, `goexit`. */
  readonly errorType: string | undefined;
  readonly statusCode: string | undefined;
  /** In place of those above: what is known of calls that are not sampled, too. */
  readonly metric: Pick<DbClientFacts, 'summary' | 'operation' | 'collection'>;
  /** Of the span alone. */
  readonly failure: CallFailure | undefined;
  readonly queryText: string | undefined;
}

/** What a preset says of all calls of a function, by names of fields. */
export type KnownFields = Readonly<Record<string, string>>;

const NO_FIELDS: KnownFields = {};
/** A call, or what is known of several that were not sampled: whether they failed. */
type DbCall = Pick<CallContent, 'end' | 'fields'>;

/** As its error says. */
export function didNothing(call: DbCall, known: KnownFields = NO_FIELDS): boolean {
  return known.nothingIf !== undefined && errorOf(call)?.value === known.nothingIf;
}

export function dbClientFacts(call: DbCall, queries: QueryTexts, known: KnownFields = NO_FIELDS): DbClientFacts {
  const error = rootCause(errorOf(call));
  const driver = unwrapped(fieldOf(call, 'driver'));
  const system =
    known.system ?? (driver === undefined || driver.unavailable === 'not read' ? undefined : systemOf(driver));
  const { sql, counted } = queryOf(call, system, queries);
  const server = serverOf(call, driver);
  const failed = databaseFailure(error, queries) ?? { failure: clientError(error), statusCode: undefined };
  const { failure, statusCode } = failed;
  return {
    system,
    ...aboutQuery(call, sql, known),
    metric: aboutQuery(call, counted, known),
    namespace: textOf(driver, 'namespace') ?? textField(call, 'namespace') ?? databaseIndex(call),
    serverAddress: server?.address,
    serverPort: server?.port === USUAL_PORTS[system ?? ''] ? undefined : server?.port,
    errorType: call.end === 'panic' || call.end === 'goexit' ? call.end : (statusCode ?? failure?.type),
    statusCode,
    failure,
    queryText: queries.isShown ? sql?.text : undefined,
  };
}

/** The query, and as metrics count it: one that is no constant of the program only up to its first literal. */
function queryOf(call: DbCall, system: string | undefined, queries: QueryTexts) {
  const query = fieldOf(call, 'query');
  if (typeof query?.value !== 'string') return {};
  const isCut = query.truncated !== undefined;
  const sql = queries.sanitized(query.value, system, isCut);
  if (query.constant) return { sql, counted: sql };
  const shape = textShape(query.value);
  return { sql, counted: queries.sanitized(shape.text, system, isCut || shape.isCut) };
}

function aboutQuery(call: DbCall, sql: SanitizedSql | undefined, known: KnownFields): DbClientFacts['metric'] {
  return {
    summary: known.operation === undefined ? sql?.summary : sql?.summary && `${known.operation} ${sql.summary}`,
    operation: known.operation ?? textField(call, 'operation') ?? sql?.operation,
    collection: textField(call, 'collection') ?? sql?.collection,
  };
}

export function dbClientMeaning(call: CallContent, facts: DbClientFacts): CallMeaning {
  const attributes: Attributes = {};
  for (const [name, key] of SPAN_ATTRIBUTES) {
    const value = facts[name];
    if (value !== undefined) attributes[key] = value;
  }
  addCounts(call, attributes);
  if (call.end !== 'returned') attributes[SIDESPAN.ENDED] = call.end;
  addCaptureNotes(call, attributes, 'driver');
  const { operation, collection, namespace } = facts;
  const target = collection ?? namespace;
  return {
    name:
      facts.summary ??
      (operation === undefined
        ? (target ?? facts.system ?? 'database')
        : target === undefined
          ? operation
          : `${operation} ${target}`),
    kind: SPAN_KIND.CLIENT,
    status: facts.errorType === undefined ? STATUS_UNSET : (facts.failure?.status ?? STATUS_ERROR),
    shared: NO_ATTRIBUTES,
    attributes,
  };
}

const NO_ATTRIBUTES: Attributes = {};

const SPAN_ATTRIBUTES = [
  ['system', ATTR.DB_SYSTEM_NAME],
  ['queryText', ATTR.DB_QUERY_TEXT],
  ['summary', ATTR.DB_QUERY_SUMMARY],
  ['operation', ATTR.DB_OPERATION_NAME],
  ['collection', ATTR.DB_COLLECTION_NAME],
  ['namespace', ATTR.DB_NAMESPACE],
  ['serverAddress', ATTR.SERVER_ADDRESS],
  ['serverPort', ATTR.SERVER_PORT],
  ['statusCode', ATTR.DB_RESPONSE_STATUS_CODE],
  ['errorType', ATTR.ERROR_TYPE],
] as const;

/** The database's own one of middleware's connectors and drivers, which wrap others. */
function unwrapped(driver: Value | undefined): Value | undefined {
  const inner = partOf(driver, 'wrapped');
  return inner === undefined ? driver : unwrapped(inner);
}

/** The connector's type says whose it is; that of database/sql has the driver, which labels have in its place. */
function systemOf(driver: Value): string {
  return databaseSystem(unwrapped(partOf(driver, 'driver'))?.goType ?? driver.goType);
}

function partOf(value: Value | undefined, name: string): Value | undefined {
  if (!Array.isArray(value?.value)) return undefined;
  return (value.value as readonly Value[]).find((part) => part.name === name);
}

function textOf(value: Value | undefined, name: string): string | undefined {
  const text = partOf(value, name)?.value;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** Redis counts its databases. */
function databaseIndex(call: DbCall): string | undefined {
  const index = integerField(call, 'databaseIndex');
  return index === undefined ? undefined : String(index);
}

/** Host and port, or both in one text; of the driver's settings, or as fields of their own. */
function serverOf(
  call: DbCall,
  driver: Value | undefined,
): { readonly address: string; readonly port?: number | undefined } | undefined {
  const joined = textOf(driver, 'address') ?? textField(call, 'address');
  // A path is that of a local socket.
  if (joined !== undefined) return joined.startsWith('/') ? { address: joined } : addressOf(joined);
  const host = textOf(driver, 'host') ?? textField(call, 'host');
  if (host === undefined) return undefined;
  const port = partOf(driver, 'port')?.value ?? integerField(call, 'port');
  return { address: host, port: typeof port === 'number' && port > 0 ? port : undefined };
}

/** What the database says that it did: PostgreSQL's `SELECT 3`, `INSERT 0 1`. */
function addCounts(call: CallContent, attributes: Attributes): void {
  const [, command, rows] = /^([A-Z]+)(?: \d+)? (\d+)$/.exec(textField(call, 'commandTag') ?? '') ?? [];
  const count = rows === undefined ? integerField(call, 'affectedRows') : Number(rows);
  if (count !== undefined) {
    attributes[command === 'SELECT' ? UNSTABLE_ATTR.DB_RESPONSE_RETURNED_ROWS : SIDESPAN.AFFECTED_ROWS] = count;
  }
  // One operation is no batch.
  const size = integerField(call, 'batchSize');
  if (size !== undefined && size > 1) attributes[ATTR.DB_OPERATION_BATCH_SIZE] = size;
}
