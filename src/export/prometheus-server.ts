import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ExportError } from './export-error.ts';
import { PROMETHEUS_CONTENT_TYPE } from './prometheus-text.ts';

export interface PrometheusServer {
  /** `http://127.0.0.1:9464/metrics` */
  readonly url: string;
  close(): Promise<void>;
}

/** A scraper asks every few seconds; whoever holds more connections open than this is not one. */
const MAX_CONNECTIONS = 64;

/**
 * Serves the text under /metrics.
 * @throws ExportError where it can't listen.
 */
export async function startPrometheusServer(
  { host, port }: { readonly host: string; readonly port: number },
  text: () => string,
): Promise<PrometheusServer> {
  const server = createServer((request, response) => answer(request, response, text));
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(host, port, cause)));
    server.listen(port, host, resolve);
  });
  // Later errors concern single connections.
  server.on('error', () => {});
  const { address, port: actual, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, text: () => string): void {
  const path = request.url?.split('?', 1)[0];
  if (path !== '/metrics') {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Metrics are at /metrics.\n');
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  response.writeHead(200, { 'content-type': PROMETHEUS_CONTENT_TYPE });
  response.end(request.method === 'HEAD' ? undefined : text());
}

function listenError(host: string, port: number, cause: NodeJS.ErrnoException): ExportError {
  const place = `${host}:${port}`;
  const why =
    cause.code === 'EADDRINUSE'
      ? `${place} is in use. Set OTEL_EXPORTER_PROMETHEUS_PORT to a free port`
      : cause.code === 'EACCES'
        ? `ports below 1024 need a privilege: ${place} is refused. Set OTEL_EXPORTER_PROMETHEUS_PORT`
        : `can't listen on ${place} (${cause.message}). Check OTEL_EXPORTER_PROMETHEUS_HOST`;
  return new ExportError(`Prometheus exporter: ${why}.`, { cause });
}
