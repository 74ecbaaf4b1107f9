/** The spans of test/targets/httpserver beside the server's own counts. */
import assert from 'node:assert/strict';
import type { SinkSpan } from '../support/otlp-sink.ts';
import { type AgentResult, dropped } from '../support/traced-service.ts';

/** As /debug/counts of test/targets/httpserver says it: requests by route and status, 0 where net/http sent none. */
export interface ServerCounts {
  readonly requests: number;
  readonly routes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly functions: Readonly<Record<string, number>>;
}

/** Of the server's own: traced beside the requests. */
export const functions = ['main.Greeting', 'main.Capitalize'];

export const serverSpans = ({ spans }: AgentResult) => spans.filter(({ kind }) => kind === 'SERVER');
export const childrenOf = ({ spans }: AgentResult, parent: SinkSpan) =>
  spans.filter(({ parentSpanId }) => parentSpanId === parent.spanId);

/** `route status` → number, as the server's own counts name them. */
export function byRouteAndStatus(spans: readonly SinkSpan[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { attributes } of spans) {
    const key = `${attributes['http.route']} ${attributes['http.response.status_code'] ?? 0}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

export function serversOwn({ routes }: ServerCounts): Record<string, number> {
  const entries = Object.entries(routes).flatMap(([pattern, statuses]) =>
    Object.entries(statuses).map(([status, count]) => [`${pattern.replace(/^[A-Z]+ /, '')} ${status}`, count] as const),
  );
  return Object.fromEntries(entries);
}

/** Everything that was seen was exported, and it is what the server counted. */
export function assertExact({ summary, log }: AgentResult, counts: ServerCounts): void {
  const probe = summary.probes.find(({ kind }) => kind === 'http.server');
  assert.ok(probe, log);
  assert.equal(probe.seen, counts.requests);
  assert.equal(probe.exported, counts.requests, JSON.stringify(probe));
  for (const name of functions) {
    const { seen, exported } = summary.probes.find(({ functionName }) => functionName === name)!;
    assert.deepEqual([seen, exported], [counts.functions[name] ?? 0, counts.functions[name] ?? 0], name);
  }
  for (const each of summary.probes) {
    assert.equal(dropped(each), 0, JSON.stringify(each));
    assert.equal(each.enteredBeforeAttach + each.stillRunning, 0, JSON.stringify(each));
  }
  assert.equal(summary.balanced, true);
}
