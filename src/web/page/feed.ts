import type { LiveStatus, LiveTraces, TraceList, TraceSummary } from '../api.ts';
import { getJson, RequestError } from './request.ts';

/** The traces that match the filter, as they come. */
export interface Feed {
  /** Starts anew with another filter. */
  open(query: URLSearchParams): void;
  /** While held, new traces wait: nothing moves under the reader's eyes. Those on the list still grow. */
  setHeld(held: boolean): void;
  /** Newest first. */
  rows(): readonly TraceSummary[];
  readonly waiting: number;
  /** More match than are listed: the oldest are left out. */
  readonly hasMore: boolean;
  /** Matching traces that came faster than they could be listed. */
  readonly skipped: number;
}

export interface FeedEvents {
  /** `fresh`: the first list after `open`. */
  readonly traces: (fresh: boolean) => void;
  readonly status: (status: LiveStatus) => void;
  readonly connection: (connected: boolean, problem?: string) => void;
  /** A trace got more spans. */
  readonly changed: (id: string) => void;
}

const MAX_ROWS = 300;
const RETRY_MS = 2000;

export function createFeed(events: FeedEvents): Feed {
  let shown = new Map<string, TraceSummary>();
  let waiting = new Map<string, TraceSummary>();
  let source: EventSource | undefined;
  let query = new URLSearchParams();
  let held = false;
  let hasMore = false;
  let skipped = 0;
  let uptimeSeconds = 0;
  let retry: number | undefined;
  /** Answers to an earlier filter are not for this one. */
  let generation = 0;

  async function start(): Promise<void> {
    source?.close();
    clearTimeout(retry);
    const mine = ++generation;
    try {
      const list = await getJson<TraceList>(`/api/traces?limit=${MAX_ROWS}&${query}`);
      if (mine !== generation) return;
      shown = new Map(list.traces.map((trace) => [trace.id, trace]));
      waiting = new Map();
      hasMore = list.more > 0;
      skipped = 0;
      events.traces(true);
      listen(list.revision);
    } catch (error) {
      if (mine !== generation) return;
      events.connection(false, error instanceof Error ? error.message : String(error));
      // A filter that the server refuses stays refused.
      if (!(error instanceof RequestError) || error.status !== 400) retry = setTimeout(start, RETRY_MS);
    }
  }

  function listen(after: number): void {
    const stream = new EventSource(`/api/live?after=${after}&${query}`);
    source = stream;
    stream.addEventListener('open', () => events.connection(true));
    stream.addEventListener('error', () => {
      events.connection(false);
      // The browser retries by itself unless the server refused.
      if (stream.readyState === EventSource.CLOSED && stream === source) retry = setTimeout(start, RETRY_MS);
    });
    stream.addEventListener('traces', (event) => take(JSON.parse(event.data) as LiveTraces));
    stream.addEventListener('status', (event) => {
      const status = JSON.parse(event.data) as LiveStatus;
      events.status(status);
      const restarted = status.agent.uptimeSeconds < uptimeSeconds;
      uptimeSeconds = status.agent.uptimeSeconds;
      if (restarted) void start();
    });
  }

  function take(live: LiveTraces): void {
    skipped += live.skipped;
    for (const trace of live.traces) {
      const target = held && !shown.has(trace.id) ? waiting : shown;
      target.set(trace.id, trace);
      events.changed(trace.id);
    }
    trim();
    events.traces(false);
  }

  function trim(): void {
    if (shown.size > MAX_ROWS) {
      hasMore = true;
      shown = new Map(
        newestFirst(shown)
          .slice(0, MAX_ROWS)
          .map((trace) => [trace.id, trace]),
      );
    }
    if (waiting.size > MAX_ROWS) {
      skipped += waiting.size - MAX_ROWS;
      waiting = new Map(
        newestFirst(waiting)
          .slice(0, MAX_ROWS)
          .map((trace) => [trace.id, trace]),
      );
    }
  }

  return {
    open(nextQuery) {
      query = nextQuery;
      void start();
    },
    setHeld(nextHeld) {
      held = nextHeld;
      if (held || waiting.size === 0) return;
      for (const [id, trace] of waiting) shown.set(id, trace);
      waiting.clear();
      trim();
      events.traces(false);
    },
    rows: () => newestFirst(shown),
    get waiting() {
      return waiting.size;
    },
    get hasMore() {
      return hasMore;
    },
    get skipped() {
      return skipped;
    },
  };
}

function newestFirst(traces: ReadonlyMap<string, TraceSummary>): TraceSummary[] {
  return [...traces.values()].sort((a, b) => b.order - a.order);
}
