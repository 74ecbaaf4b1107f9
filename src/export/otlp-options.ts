import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { ExportError } from './export-error.ts';

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

/** @throws ExportError for a PEM file that can't be read or used. */
export async function readTlsFiles(files: OtlpOptions['tls']): Promise<TlsMaterial> {
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
