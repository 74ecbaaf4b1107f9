/** Requests to a traced server, and what its metrics count of them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { goTarget } from '../support/go-target.ts';
import type { SinkPoint } from '../support/otlp-sink.ts';
import { type AgentResult, sendRaw, type TracedService } from '../support/traced-service.ts';
import type { ServerCounts } from './http-counts.ts';

const run = promisify(execFile);
export const paths = [
  '/hello',
  '/greet/ada?x=1',
  '/greet/nobody',
  '/status/204',
  '/status/404',
  '/status/503',
  '/nowhere',
];

export async function load({ address }: TracedService, requests: number, more: readonly string[] = [], of = paths) {
  const urls = of.flatMap((path) => ['-url', `http://${address}${path}`]);
  await run(await goTarget('load'), [...urls, '-n', String(requests), '-c', '16', ...more]);
}

export async function countsOf({ address }: TracedService): Promise<ServerCounts> {
  const answer = await sendRaw(address, 'GET /debug/counts HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n');
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as ServerCounts;
}

export const durations = ({ metrics }: AgentResult, name: string) => metrics.filter((point) => point.name === name);
export const callsOf = (points: readonly SinkPoint[]) => points.reduce((sum, { count = 0 }) => sum + count, 0);

/** `route status` → requests, of the points of http.server.request.duration. */
export function byRouteAndStatus(points: readonly SinkPoint[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { attributes, count = 0 } of points) {
    const key = `${attributes['http.route']} ${attributes['http.response.status_code'] ?? 0}`;
    counts[key] = (counts[key] ?? 0) + count;
  }
  return counts;
}

/** Each attribute set once, each point's buckets its count: what the kernel and the agent counted is one series. */
export function assertWhole(points: readonly SinkPoint[]): void {
  const sets = points.map(({ name, attributes }) => JSON.stringify([name, Object.entries(attributes).sort()]));
  assert.equal(new Set(sets).size, sets.length, sets.join('\n'));
  for (const { count, buckets = [], attributes } of points) {
    assert.equal(
      buckets.reduce((sum, each) => sum + each, 0),
      count,
      JSON.stringify(attributes),
    );
  }
}

export const metricsToSink = { OTEL_METRICS_EXPORTER: 'otlp' };
