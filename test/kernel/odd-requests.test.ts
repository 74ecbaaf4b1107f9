/**
 * Requests that do not simply return, over HTTP/1.1 and HTTP/2: each has one span, with the status that its client saw,
 * and a panic what was panicked with, and where.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import type { SinkSpan } from '../support/otlp-sink.ts';
import { dropped, startTracedService } from '../support/traced-service.ts';

/** As test/targets/odd tells it. */
interface Seen {
  readonly case: string;
  readonly protocol: '1.1' | '2';
  readonly path: string;
  /** 0: none came. */
  readonly status: number;
  readonly broken: boolean;
  readonly requests: number;
}

/** Whoever left before there was an answer: the server's own, which nobody saw. */
const unseen: Readonly<Record<string, number>> = { cancelled: 503, 'write-timeout': 200, 'upload-cut': 400 };

/** What passes net/http by. */
const hijacked = new Set(['hijack', 'websocket']);

const panics: Readonly<Record<string, readonly [type: string, message: string, where: string]>> = {
  panic: ['*errors.errorString', 'no way', 'main.failDeep'],
  'panic-text': ['string', 'out of cheese', 'main.handlers.func'],
  'panic-number': ['int', '42', 'main.handlers.func'],
  'panic-nil': [
    'runtime.errorString',
    'runtime error: invalid memory address or nil pointer dereference',
    'main.readNil',
  ],
  'panic-bounds': ['runtime.boundsError', 'runtime error: index out of range [N] with length 3', 'main.handlers.func'],
  'panic-abort': ['*errors.errorString', 'net/http: abort Handler', 'main.handlers.func'],
  'panic-buffered': ['*errors.errorString', 'no way', 'main.failDeep'],
  'panic-late': ['*errors.errorString', 'no way', 'main.failDeep'],
  // Answered with 500.
  recovered: ['*errors.errorString', 'no way', 'main.failDeep'],
};
/** A connection of HTTP/2 is nobody's to take. */
const noHijacker = ['*runtime.TypeAssertionError', 'interface conversion: …: missing method Hijack', 'main.'] as const;

for (const build of [{}, { go: '1.22', ldflags: '-s -w' }]) {
  test(`odd requests have one truthful span each, ${JSON.stringify(build)}`, { timeout: 60_000 }, async (t) => {
    const service = await startTracedService(t, await goTarget('odd', build));
    service.tell();
    const seen = JSON.parse(await service.line()) as Seen[];
    const requests = seen.reduce((sum, { requests: times }) => sum + times, 0);
    const { spans, summary } = await service.stopAgent();
    const servers = summary.probes.filter(({ kind }) => kind === 'http.server');
    assert.deepEqual(
      servers.map((probe) => [probe.seen, probe.exported, dropped(probe), probe.stillRunning]),
      [[requests, requests, 0, 0]],
    );
    const byPath = Map.groupBy(
      spans.filter(({ kind }) => kind === 'SERVER'),
      ({ attributes }) => String(attributes['url.path']),
    );
    for (const one of seen) {
      const own = byPath.get(one.path) ?? [];
      assert.equal(own.length, one.requests, `spans of ${one.path}`);
      for (const span of own) assertTruthful(span, one);
    }
  });
}

function assertTruthful({ attributes, status, events = [] }: SinkSpan, one: Seen): void {
  const { case: name, protocol, path } = one;
  const ending = attributes['sidespan.ended'];
  assert.equal(attributes['network.protocol.version'], protocol, path);
  const panic = name === 'hijack' && protocol === '2' ? noHijacker : panics[name];
  const isHijacked = hijacked.has(name) && panic === undefined;
  const expectedStatus = isHijacked ? undefined : (unseen[name] ?? (one.status || undefined));
  assert.equal(attributes['http.response.status_code'], expectedStatus, path);
  const hasPanicked = panic !== undefined && name !== 'recovered';
  const end = name === 'goexit' ? 'goexit' : isHijacked ? 'goroutine end' : hasPanicked ? 'panic' : undefined;
  assert.equal(ending, end, path);
  const failed = hasPanicked || name === 'goexit' || Number(expectedStatus) >= 500;
  assert.equal(status, failed ? 'ERROR' : 'UNSET', path);

  assert.deepEqual(
    events.map((event) => event.name),
    panic === undefined ? [] : ['exception'],
    path,
  );
  if (panic === undefined) return;
  const [type, message, where] = panic;
  const said = events[0]?.attributes ?? {};
  assert.equal(said['exception.type'], type, path);
  assert.equal(String(said['exception.message']).replace(/\[\d+\]/, '[N]'), message, path);
  const frames = String(said['exception.stacktrace']).split('\n');
  assert.match(frames[0] ?? '', /^goroutine \d+ \[running\]:$/);
  const own = frames.findIndex((line) => line.startsWith(where));
  assert.ok(own > 0, frames.join('\n'));
  assert.match(frames[own + 1] ?? '', /handlers\.go:\d+$/, frames.join('\n'));
  assert.ok(frames.includes('net/http.serverHandler.ServeHTTP(...)'), frames.join('\n'));
}
