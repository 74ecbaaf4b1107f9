import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AttachmentsReport, LedgerReport, ServiceList, TraceList } from './api.ts';
import { refusalOf, sendJson, sendRefusal } from './http-reply.ts';
import { newLiveFeed } from './live.ts';
import { sendPageFile } from './page-files.ts';
import type { SpanStore } from './span-store.ts';
import type { ViewerStatus } from './status.ts';
import { FilterError, parseLimit, parseTraceFilter } from './trace-filter.ts';
import { ViewerError } from './viewer-error.ts';

// Plain node:http: nine routes that read, no bodies, no sessions. A framework would be more code to load than this is,
// in a process that runs as root.

export interface ViewerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly store: SpanStore;
  /** Called when a browser asks, at most twice a second. */
  readonly status: () => ViewerStatus;
}

export interface Viewer extends AsyncDisposable {
  /** `http://127.0.0.1:4380/` */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const STATUS_MAX_AGE_MS = 500;
const MAX_CONNECTIONS = 64;

/** Listens and answers until closed. Throws a ViewerError if it cannot listen. */
export async function startViewer(options: ViewerOptions): Promise<Viewer> {
  const { host, store } = options;
  const status = cachedFor(STATUS_MAX_AGE_MS, options.status);
  const live = newLiveFeed(store, () => status().agent);
  const answers: Readonly<Record<string, (query: URLSearchParams) => unknown>> = {
    '/api/traces': (query): TraceList => {
      const { traces, more } = store.traces(parseTraceFilter(query), parseLimit(query));
      const { tracesKept: kept, tracesTotal: total } = store.figures();
      return { traces, more, kept, total, revision: store.revision };
    },
    '/api/histograms': () => store.histograms(),
    '/api/services': (): ServiceList => ({ services: store.services() }),
    '/api/ledger': (): LedgerReport => ({ ledger: status().ledger }),
    '/api/attachments': (): AttachmentsReport => ({ attachments: status().attachments }),
    '/api/status': () => ({ agent: status().agent, store: store.figures() }),
  };

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refusalOf(request, host);
    if (refusal !== undefined) return sendRefusal(response, refusal);
    const url = URL.parse(request.url ?? '/', 'http://viewer');
    if (url === null) return sendRefusal(response, { status: 400, message: 'The request has no readable path.' });
    const { pathname, searchParams } = url;
    if (pathname === '/api/live') {
      if (live.connect(searchParams, request, response)) return;
      return sendRefusal(response, { status: 503, message: 'Too many browsers watch already: close one.' });
    }
    const answer = Object.hasOwn(answers, pathname) ? answers[pathname] : undefined;
    if (answer !== undefined) return sendJson(response, answer(searchParams));
    const traceId = /^\/api\/traces\/([0-9a-f]{32})$/.exec(pathname)?.[1];
    if (traceId !== undefined) return sendTrace(traceId, response);
    if (await sendPageFile(pathname, request, response)) return;
    sendRefusal(response, { status: 404, message: 'There is nothing at this path.' });
  }

  function sendTrace(id: string, response: ServerResponse): void {
    const trace = store.trace(id);
    if (trace !== undefined) return sendJson(response, trace);
    const message = 'This trace is not, or no longer, among those kept in memory.';
    sendRefusal(response, { status: 404, message });
  }

  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => sendFailure(error, response));
  });
  server.maxConnections = MAX_CONNECTIONS;
  const port = await listen(server, host, options.port);
  // No file descriptor left for a connection: that browser is told by its own system, the agent goes on.
  server.on('error', () => {});

  async function close(): Promise<void> {
    live.close();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/`,
    port,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A mistake in here ends one answer; it must never end the agent. */
function sendFailure(error: unknown, response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  sendRefusal(response, { status: error instanceof FilterError ? 400 : 500, message });
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, host, port)));
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

const LISTEN_CAUSES: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'Another program, perhaps another Sidespan, has this port. Set SIDESPAN_VIEWER_PORT to a free one (0 takes any)',
  EACCES: 'Ports below 1024 need a privilege. Set SIDESPAN_VIEWER_PORT to a higher one',
  EADDRNOTAVAIL: 'This machine or container has no such address. Set SIDESPAN_VIEWER_HOST to one that it has',
  ENOTFOUND: 'The name is not known here. Set SIDESPAN_VIEWER_HOST to an address',
};

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): ViewerError {
  const advice = LISTEN_CAUSES[cause.code ?? ''] ?? cause.message;
  return new ViewerError(`web: the viewer cannot listen on ${host} port ${port}: ${advice}.`, { cause });
}

function cachedFor<T>(maxAgeMs: number, make: () => T): () => T {
  let value: { readonly made: T; readonly atMs: number } | undefined;
  return () => {
    const nowMs = performance.now();
    if (value === undefined || nowMs - value.atMs > maxAgeMs) value = { made: make(), atMs: nowMs };
    return value.made;
  };
}
