/**
 * Names of the semantic conventions 1.45 that Sidespan emits. Copied, because loading the package that defines them
 * costs 6 MB of memory; test/telemetry/semconv.test.ts compares every one of them with that package.
 */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.45.0';

/** Stable attributes. */
export const ATTR = {
  CLIENT_ADDRESS: 'client.address',
  CODE_FILE_PATH: 'code.file.path',
  CODE_FUNCTION_NAME: 'code.function.name',
  CODE_LINE_NUMBER: 'code.line.number',
  CONTAINER_ID: 'container.id',
  DB_COLLECTION_NAME: 'db.collection.name',
  DB_NAMESPACE: 'db.namespace',
  DB_OPERATION_BATCH_SIZE: 'db.operation.batch.size',
  DB_OPERATION_NAME: 'db.operation.name',
  DB_QUERY_SUMMARY: 'db.query.summary',
  DB_QUERY_TEXT: 'db.query.text',
  DB_RESPONSE_STATUS_CODE: 'db.response.status_code',
  DB_SYSTEM_NAME: 'db.system.name',
  ERROR_TYPE: 'error.type',
  EXCEPTION_MESSAGE: 'exception.message',
  EXCEPTION_STACKTRACE: 'exception.stacktrace',
  EXCEPTION_TYPE: 'exception.type',
  HTTP_REQUEST_METHOD: 'http.request.method',
  HTTP_REQUEST_METHOD_ORIGINAL: 'http.request.method_original',
  HTTP_REQUEST_RESEND_COUNT: 'http.request.resend_count',
  HTTP_RESPONSE_STATUS_CODE: 'http.response.status_code',
  HTTP_ROUTE: 'http.route',
  NETWORK_PEER_ADDRESS: 'network.peer.address',
  NETWORK_PEER_PORT: 'network.peer.port',
  NETWORK_PROTOCOL_VERSION: 'network.protocol.version',
  OTEL_SCOPE_NAME: 'otel.scope.name',
  OTEL_SCOPE_VERSION: 'otel.scope.version',
  RPC_METHOD: 'rpc.method',
  RPC_METHOD_ORIGINAL: 'rpc.method_original',
  RPC_STATUS_CODE: 'rpc.status_code',
  RPC_SYSTEM_NAME: 'rpc.system.name',
  SERVER_ADDRESS: 'server.address',
  SERVER_PORT: 'server.port',
  SERVICE_INSTANCE_ID: 'service.instance.id',
  SERVICE_NAME: 'service.name',
  SERVICE_VERSION: 'service.version',
  TELEMETRY_DISTRO_NAME: 'telemetry.distro.name',
  TELEMETRY_DISTRO_VERSION: 'telemetry.distro.version',
  TELEMETRY_SDK_LANGUAGE: 'telemetry.sdk.language',
  TELEMETRY_SDK_NAME: 'telemetry.sdk.name',
  TELEMETRY_SDK_VERSION: 'telemetry.sdk.version',
  URL_FULL: 'url.full',
  URL_PATH: 'url.path',
  URL_QUERY: 'url.query',
  URL_SCHEME: 'url.scheme',
  USER_AGENT_ORIGINAL: 'user_agent.original',
} as const;

/** Attributes that the conventions may still rename. */
export const UNSTABLE_ATTR = {
  CPU_MODE: 'cpu.mode',
  DB_RESPONSE_RETURNED_ROWS: 'db.response.returned_rows',
  HOST_NAME: 'host.name',
  HTTP_REQUEST_BODY_SIZE: 'http.request.body.size',
  HTTP_RESPONSE_BODY_SIZE: 'http.response.body.size',
  PROCESS_COMMAND_ARGS: 'process.command_args',
  PROCESS_EXECUTABLE_NAME: 'process.executable.name',
  PROCESS_EXECUTABLE_PATH: 'process.executable.path',
  PROCESS_PID: 'process.pid',
  PROCESS_RUNTIME_NAME: 'process.runtime.name',
  PROCESS_RUNTIME_VERSION: 'process.runtime.version',
} as const;

/** Metrics of the conventions; durations are stable, those of a process are not. */
export const METRIC = {
  DB_CLIENT_OPERATION_DURATION: 'db.client.operation.duration',
  HTTP_CLIENT_REQUEST_DURATION: 'http.client.request.duration',
  HTTP_SERVER_REQUEST_DURATION: 'http.server.request.duration',
  RPC_CLIENT_CALL_DURATION: 'rpc.client.call.duration',
  RPC_SERVER_CALL_DURATION: 'rpc.server.call.duration',
} as const;
export const UNSTABLE_METRIC = {
  HTTP_CLIENT_ACTIVE_REQUESTS: 'http.client.active_requests',
  HTTP_CLIENT_REQUEST_BODY_SIZE: 'http.client.request.body.size',
  HTTP_CLIENT_RESPONSE_BODY_SIZE: 'http.client.response.body.size',
  HTTP_SERVER_ACTIVE_REQUESTS: 'http.server.active_requests',
  HTTP_SERVER_REQUEST_BODY_SIZE: 'http.server.request.body.size',
  HTTP_SERVER_RESPONSE_BODY_SIZE: 'http.server.response.body.size',
  PROCESS_CPU_TIME: 'process.cpu.time',
  PROCESS_MEMORY_USAGE: 'process.memory.usage',
} as const;

/** Sidespan's own names. */
export const SIDESPAN = {
  GOROUTINE_ID: 'sidespan.goroutine.id',
  ENDED: 'sidespan.ended',
  EXCEPTION_TRUNCATED: 'sidespan.exception.truncated',
  EXCEPTION_UNAVAILABLE: 'sidespan.exception.unavailable',
  PARENT_BY: 'sidespan.parent.by',
  CONNECTION_REUSED: 'sidespan.http.connection.reused',
  KEPT: 'sidespan.kept',
  RPC_SENT_MESSAGES: 'sidespan.rpc.sent.messages',
  RPC_SENT_BYTES: 'sidespan.rpc.sent.bytes',
  RPC_RECEIVED_MESSAGES: 'sidespan.rpc.received.messages',
  RPC_RECEIVED_BYTES: 'sidespan.rpc.received.bytes',
  AFFECTED_ROWS: 'sidespan.db.affected_rows',
  INLINED_INTO: 'sidespan.inlined.into',
  INLINED_FILE_PATH: 'sidespan.inlined.file.path',
  INLINED_LINE_NUMBER: 'sidespan.inlined.line.number',
  UNAVAILABLE: 'sidespan.unavailable',
  TRUNCATED: 'sidespan.truncated',
  TYPE_SOURCE: 'sidespan.types.source',
  ARGUMENT_PREFIX: 'sidespan.argument.',
  RESULT_PREFIX: 'sidespan.result.',
  FUNCTION_DURATION: 'sidespan.function.duration',
  CALLS_SEEN: 'sidespan.calls.seen',
  CALLS_EXPORTED: 'sidespan.calls.exported',
  CALLS_SAMPLED_OUT: 'sidespan.calls.sampled_out',
  CALLS_DROPPED: 'sidespan.calls.dropped',
  CALLS_IN_FLIGHT: 'sidespan.calls.in_flight',
  CALLS_ENTERED_BEFORE_ATTACH: 'sidespan.calls.entered_before_attach',
  FUNCTION_PAUSED: 'sidespan.function.paused',
  CALLS_INCOMPLETE: 'sidespan.calls.incomplete',
  REQUEST_HEADERS: 'sidespan.request_headers',
  HEADER_OUTCOME: 'outcome',
  DROP_REASON: 'reason',
  EXPORT_QUEUE_SIZE: 'sidespan.export.queue.size',
  EXPORT_QUEUE_CAPACITY: 'sidespan.export.queue.capacity',
  EXPORTER: 'exporter',
} as const;

/** Bucket boundaries in seconds that the conventions give for durations of requests and calls. */
export const DURATION_BOUNDS_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const;

/** The same for operations of databases. */
export const DB_DURATION_BOUNDS_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] as const;

/** Of body sizes, of which the conventions give none: those that every SDK has. */
export const SIZE_BOUNDS_BYTES = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000] as const;
