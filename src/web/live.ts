import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LiveStatus, LiveTraces } from './api.ts';
import { securityHeaders } from './http-reply.ts';
import type { SpanStore } from './span-store.ts';
import type { AgentStatus } from './status.ts';
import { parseTraceFilter, type TraceFilter } from './trace-filter.ts';

/**
 * Server-sent events. Nothing is queued for a browser: each has a place in the store's revisions, and when it can take
 * a message it gets what changed since. So a slow or sleeping one costs one unread message, and misses rows, which it
 * is told.
 */
export interface LiveFeed {
  /** Takes the response over; false if there are too many browsers already. */
  connect(query: URLSearchParams, request: IncomingMessage, response: ServerResponse): boolean;
  close(): void;
}

const TICK_MS = 250;
const STATUS_EVERY_TICKS = 4;
/** A message has this many traces at most, about 30 kB. */
const MAX_TRACES_PER_MESSAGE = 100;
const MAX_CLIENTS = 16;
/** Unsent bytes at which a browser is left out until it has read them. */
const MAX_UNSENT_BYTES = 64 << 10;
/** A browser that reads nothing for so long is gone; its EventSource comes back by itself if not. */
const MAX_STALLED_TICKS = (60 * 1000) / TICK_MS;

interface Client {
  readonly response: ServerResponse;
  readonly filter: TraceFilter;
  revision: number;
  stalledTicks: number;
}

export function newLiveFeed(store: SpanStore, agentStatus: () => AgentStatus): LiveFeed {
  const clients = new Set<Client>();
  let timer: NodeJS.Timeout | undefined;
  let ticks = 0;

  function tick(): void {
    const isStatusTick = ticks++ % STATUS_EVERY_TICKS === 0;
    for (const client of clients) {
      if (client.response.writableLength > MAX_UNSENT_BYTES) {
        if (++client.stalledTicks > MAX_STALLED_TICKS) client.response.destroy();
        continue;
      }
      client.stalledTicks = 0;
      sendTraces(client);
      if (isStatusTick) sendStatus(client);
    }
  }

  /** Where the browser left off: by its last message if it reconnects, by its list if it is new. */
  function revisionSeen(query: URLSearchParams, request: IncomingMessage): number {
    const seen = Number(request.headers['last-event-id'] ?? query.get('after') ?? Number.NaN);
    // Beyond ours: from before a restart of the agent.
    return seen >= 0 && seen <= store.revision ? seen : store.revision;
  }

  function sendTraces(client: Client): void {
    if (client.revision === store.revision) return;
    const { traces, more } = store.traces(client.filter, MAX_TRACES_PER_MESSAGE, client.revision);
    client.revision = store.revision;
    if (traces.length > 0) sendEvent(client, 'traces', { traces, skipped: more } satisfies LiveTraces);
  }

  function sendStatus(client: Client): void {
    sendEvent(client, 'status', { agent: agentStatus(), store: store.figures() } satisfies LiveStatus);
  }

  function remove(client: Client): void {
    clients.delete(client);
    if (clients.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    connect(query, request, response) {
      const filter = parseTraceFilter(query);
      if (clients.size >= MAX_CLIENTS) return false;
      response.writeHead(200, {
        ...securityHeaders,
        'Content-Type': 'text/event-stream; charset=utf-8',
        'Cache-Control': 'no-store',
      });
      const client: Client = { response, filter, revision: revisionSeen(query, request), stalledTicks: 0 };
      clients.add(client);
      response.once('close', () => remove(client));
      sendStatus(client);
      timer ??= setInterval(tick, TICK_MS).unref();
      return true;
    },
    close() {
      clearInterval(timer);
      for (const client of clients) client.response.end();
      clients.clear();
    },
  };
}

function sendEvent(client: Client, event: string, data: unknown): void {
  client.response.write(`event: ${event}\nid: ${client.revision}\ndata: ${JSON.stringify(data)}\n\n`);
}
