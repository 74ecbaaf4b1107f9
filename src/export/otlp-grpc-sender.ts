import type { OutgoingHttpHeaders } from 'node:http2';
import { ProtobufMetricsSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { ExportError } from './export-error.ts';
import { type GrpcConnection, openGrpcConnection } from './grpc-connection.ts';
import type { OtlpExporterSettings } from './otlp-exporter.ts';
import { GRPC_STATUS, GrpcError, grpcFailure, type SendResult, TIMED_OUT } from './otlp-outcome.ts';
import type { Content, OtlpSender, Signal } from './otlp-signal.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import { spanRequest } from './span-request.ts';

/** What a signal is sent with. */
interface GrpcMethod<Data> {
  readonly path: string;
  /** One call. */
  send(connection: GrpcConnection, data: Data, timeoutMs: number): Promise<SendResult>;
}

const methods: { readonly [S in Signal]: () => GrpcMethod<Content[S]> } = {
  traces() {
    const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
    const rooms = freeRooms();
    return {
      path,
      async send(connection, batch, timeoutMs) {
        const room = rooms.take();
        try {
          const answer = await connection.call(path, spanRequest(batch, room), timeoutMs);
          const { partialSuccess } = ProtobufTraceSerializer.deserializeResponse(answer);
          return accepted(partialSuccess?.rejectedSpans, partialSuccess?.errorMessage);
        } finally {
          rooms.free(room);
        }
      },
    };
  },
  metrics() {
    const path = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';
    return {
      path,
      async send(connection, metrics, timeoutMs) {
        const request = ProtobufMetricsSerializer.serializeRequest(metrics);
        if (request === undefined) throw new TypeError('metrics that can not be encoded');
        const answer = await connection.call(path, request, timeoutMs);
        const { partialSuccess } = ProtobufMetricsSerializer.deserializeResponse(answer);
        return accepted(partialSuccess?.rejectedDataPoints, partialSuccess?.errorMessage);
      },
    };
  },
};

const FIRST_BYTES = 256 << 10;
const MAX_KEPT_BYTES = 1 << 20;
const MAX_FREE = 2;

/**
 * Memory of requests, for the next ones: V8 looks for garbage by the bytes of buffers too, and made anew these would be a
 * third of them.
 */
function freeRooms(): { take(): ProtobufWriter; free(room: ProtobufWriter): void } {
  const rooms: ProtobufWriter[] = [];
  return {
    take: () => rooms.pop() ?? new ProtobufWriter(FIRST_BYTES),
    free(room) {
      if (rooms.length < MAX_FREE && room.capacityBytes <= MAX_KEPT_BYTES) rooms.push(room);
    },
  };
}

/** Protobuf's 64 bits come as a number or as digits. */
function accepted(rejected: number | string | undefined | null, message: string | undefined | null): SendResult {
  const count = Number(rejected ?? 0);
  return { outcome: 'accepted', rejected: Number.isSafeInteger(count) ? count : 0, message: message ?? '' };
}

/** OTLP/gRPC, on a connection of its own. */
export async function openGrpcSender<S extends Signal>(
  signal: S,
  settings: OtlpExporterSettings,
): Promise<OtlpSender<Content[S]>> {
  const method = methods[signal]() as GrpcMethod<Content[S]>;
  const { url, timeoutMs, tls, userAgent, compression } = settings;
  const place = new URL(url).host;
  const headers = { ...headersOf(settings.headers), 'user-agent': userAgent };
  const connection = openGrpcConnection({ url, tls, compression, headers });
  return {
    async send(data) {
      const start = performance.now();
      try {
        return await method.send(connection, data, timeoutMs);
      } catch (error) {
        const failure = error instanceof Error ? error : new Error(String(error));
        // A connection whose end has vanished says nothing by itself.
        if (isSilence(failure)) connection.reconnect();
        const elapsedMs = performance.now() - start;
        return withHint(grpcFailure(failure, place, { elapsedMs, timeoutMs }), failure.message);
      }
    },
    close: () => connection.close(),
  };
}

function isSilence(error: Error): boolean {
  return error.message === TIMED_OUT || (error instanceof GrpcError && error.code === GRPC_STATUS.DEADLINE_EXCEEDED);
}

/** Of gRPC's metadata (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md): names of headers, and ASCII that can be printed. */
const HEADER_NAME = /^[0-9a-z_.-]+$/;
const HEADER_VALUE = /^[\x20-\x7e]*$/;

function headersOf(headers: ReadonlyMap<string, string>): OutgoingHttpHeaders {
  const checked: Record<string, string> = {};
  for (const [given, value] of headers) {
    const name = given.toLowerCase();
    const problem = !HEADER_NAME.test(name)
      ? 'its name has other characters than letters, digits, _, - and .'
      : !HEADER_VALUE.test(value)
        ? 'its value is not printable ASCII'
        : undefined;
    if (problem !== undefined) {
      throw new ExportError(`the header ${given} for OTLP is not possible with gRPC (${problem})`);
    }
    checked[name] = value;
  }
  return checked;
}

/** What an HTTP/1 server or one with TLS sends is not HTTP/2. */
const OTHER_PROTOCOL = /protocol error|parse error|wrong version|ERR_HTTP2/i;

function withHint(result: SendResult, details: string): SendResult {
  if (result.outcome !== 'retry' || !OTHER_PROTOCOL.test(details)) return result;
  const hint = 'does it speak gRPC there? For OTLP over HTTP: OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf';
  return { ...result, reason: `${result.reason} (${hint})` };
}
