import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { ExportError } from './export-error.ts';

/** What became of a request. */
export type SendResult =
  /** The receiver has it; of its items it refused `rejected`, for the reason in `message`. */
  | { readonly outcome: 'accepted'; readonly rejected: number; readonly message: string }
  /** Worth another attempt, after `afterMs` if the receiver said so. */
  | { readonly outcome: 'retry'; readonly reason: string; readonly afterMs?: number | undefined }
  /** The receiver will never take it. */
  | { readonly outcome: 'refused'; readonly reason: string };

/** A connection to a receiver for one kind of request. It connects when something is sent and again after a failure. */
export interface Transport {
  /** Bytes that a request must begin with, for the transport to fill in. */
  readonly room: number;
  /** Never rejects. `request` may be changed within its room. */
  send(request: Buffer, timeoutMs: number): Promise<SendResult>;
  /** Breaks off what is under way. */
  close(): void;
}

/** Where and how to send: config.traces.otlp and config.metrics.otlp have this shape. */
export interface OtlpOptions {
  readonly protocol: 'grpc' | 'http/protobuf';
  /** HTTP: the full URL with the signal's path. gRPC: `http://host:port`, or https for TLS. */
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
  /** Of one attempt. */
  readonly timeoutMs: number;
  readonly compression: 'gzip' | 'none';
  /** Paths of PEM files. */
  readonly tls: {
    readonly caFile: string | undefined;
    readonly keyFile: string | undefined;
    readonly certificateFile: string | undefined;
  };
}

/** Contents of the PEM files, as Node's TLS takes them. */
export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly key?: Buffer;
  readonly cert?: Buffer;
}

/** Paths of the services in OTLP/gRPC; OTLP/HTTP has them in its URL. */
const GRPC_PATHS = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
} as const;

/** @throws ExportError for a PEM file that can't be read. */
export async function createTransport(
  options: OtlpOptions,
  signal: keyof typeof GRPC_PATHS,
  version: string,
): Promise<Transport> {
  const tls = await readTlsFiles(options.tls);
  const userAgent = `sidespan/${version}`;
  if (options.protocol === 'grpc') {
    const { createGrpcTransport } = await import('./grpc-transport.ts');
    return createGrpcTransport({ ...options, path: GRPC_PATHS[signal], tls, userAgent });
  }
  const { createHttpTransport } = await import('./http-transport.ts');
  return createHttpTransport({ ...options, tls, userAgent });
}

async function readTlsFiles(files: OtlpOptions['tls']): Promise<TlsMaterial> {
  const paths = [files.caFile, files.keyFile, files.certificateFile];
  const [ca, key, cert] = await Promise.all(paths.map(readPem));
  const material = { ...(ca && { ca }), ...(key && { key }), ...(cert && { cert }) };
  try {
    createSecureContext(material);
  } catch (cause) {
    const given = paths.filter((path) => path !== undefined).join(', ');
    throw new ExportError(`${given}: not usable for TLS to the OTLP receiver (${(cause as Error).message})`, { cause });
  }
  return material;
}

async function readPem(path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (cause) {
    throw new ExportError(`${path}: the certificate or key for OTLP can't be read (${(cause as Error).message})`, {
      cause,
    });
  }
}

const gzipAsync = promisify(gzip);

/** The quickest level: it saves four fifths of the bytes, the slowest saves a tenth more for five times the CPU. */
export function compress(body: Uint8Array): Promise<Buffer> {
  return gzipAsync(body, { level: constants.Z_BEST_SPEED });
}

/** What went wrong with a connection, in words. */
export function connectionFailure(url: URL, error: Error | undefined): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  const place = url.host;
  switch (code) {
    case 'ECONNREFUSED':
      return `nothing listens on ${place}`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${url.hostname} can't be resolved`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return `${place} can't be reached`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `${place} closed the connection`;
    default:
      return `${place}: ${error?.message ?? 'the connection failed'}`;
  }
}
