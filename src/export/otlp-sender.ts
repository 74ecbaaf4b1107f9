import { type OtlpOptions, readTlsFiles } from './otlp-options.ts';
import type { Content, OtlpSender, Signal } from './otlp-signal.ts';

/** @throws ExportError for a PEM file that can't be read, a header that gRPC does not allow. */
export async function openOtlpSender<S extends Signal>(
  signal: S,
  options: OtlpOptions,
  version: string,
): Promise<OtlpSender<Content[S]>> {
  const tls = await readTlsFiles(options.tls);
  const settings = { ...options, tls, userAgent: `sidespan/${version}` };
  if (options.protocol === 'grpc') {
    const { openGrpcSender } = await import('./otlp-grpc-sender.ts');
    return await openGrpcSender(signal, settings);
  }
  const { openHttpSender } = await import('./otlp-http-sender.ts');
  return await openHttpSender(signal, settings);
}
