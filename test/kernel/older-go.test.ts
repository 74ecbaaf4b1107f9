/** Go before 1.22: its own stack layout up to 1.16, other panics, a ServeMux without patterns. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { connect } from 'node:http2';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { goTarget } from '../support/go-target.ts';
import type { SinkSpan } from '../support/otlp-sink.ts';
import { startTracedService } from '../support/traced-service.ts';
import { assertExact, childrenOf, functions, type ServerCounts, serverSpans } from './http-counts.ts';

const run = promisify(execFile);

/** The route as the server counts it. */
function routeOf(span: SinkSpan): string {
  const path = String(span.attributes['url.path']);
  if (path === '/echo') return `POST ${path}`;
  if (path.startsWith('/greet/')) return 'GET /greet/{name}';
  if (path.startsWith('/status/')) return '/status/{code}';
  if (path === '/panic') return path;
  return path === '/nowhere' ? '/' : `GET ${path}`;
}

for (const go of ['1.15', '1.16', '1.17', '1.19', '1.21']) {
  test(`one span a request, Go ${go}`, { timeout: 120_000 }, async (t) => {
    const service = await startTracedService(t, await goTarget('httpserver', { go, modfile: 'old.mod' }), {
      functions,
    });
    const { address } = service;
    const load = async (paths: readonly string[], requests: number, more: readonly string[] = []) => {
      const urls = paths.flatMap((path) => ['-url', `http://${address}${path}`]);
      await run(await goTarget('load'), [...urls, '-n', String(requests), '-c', '16', ...more]);
    };
    await load(['/hello', '/greet/ada?x=1', '/greet/nobody', '/status/204', '/status/503', '/nowhere'], 1200);
    await load(['/echo'], 100, ['-method', 'POST', '-body', 'some text']);
    await load(['/panic', '/hijack', '/stream?pieces=3'], 60);
    const counts = (await (await fetch(`http://${address}/debug/counts`)).json()) as ServerCounts;
    const result = await service.stopAgent();

    assertExact(result, counts);
    const spans = serverSpans(result);
    const byRoute: Record<string, Record<string, number>> = {};
    for (const span of spans) {
      const statuses = (byRoute[routeOf(span)] ??= {});
      const status = String(span.attributes['http.response.status_code'] ?? 0);
      statuses[status] = (statuses[status] ?? 0) + 1;
      assert.equal(span.attributes['http.request.method'], routeOf(span).startsWith('POST') ? 'POST' : 'GET');
      if (routeOf(span) === 'GET /hello') assert.equal(span.attributes['http.response.body.size'], 'hello\n'.length);
    }
    assert.deepEqual(byRoute, counts.routes);

    const greetings = spans.filter(({ attributes }) => attributes['url.path'] === '/greet/ada');
    assert.equal(greetings.length, 200);
    for (const span of greetings) {
      const [child, ...others] = childrenOf(result, span);
      assert.deepEqual([child?.name, child?.traceId, others.length], ['main.Greeting', span.traceId, 0]);
      assert.equal(child?.attributes['sidespan.argument.name'], 'ada');
      assert.equal(child?.attributes['sidespan.argument.exclamations'], 3);
      // The compiler of 1.17 left results out of the debug information.
      if (go !== '1.17') assert.equal(child?.attributes['sidespan.result.0'], 'Hello, Ada!!!\n');
    }
  });
}

for (const go of ['1.15', '1.21']) {
  test(`HTTP/2, Go ${go}`, { timeout: 60_000 }, async (t) => {
    const executable = await goTarget('httpserver', { go, modfile: 'old.mod' });
    const service = await startTracedService(t, executable, { args: ['-tls'], functions });
    const client = connect(`https://${service.address}`, { rejectUnauthorized: false });
    t.after(() => client.destroy());
    const get = async (path: string) => {
      let body = '';
      for await (const part of client.request({ ':path': path })) body += part;
      return body;
    };
    await Promise.all(Array.from({ length: 30 }, () => ['/greet/ada', '/status/404', '/hello'].map(get)).flat());
    const counts = JSON.parse(await get('/debug/counts')) as ServerCounts;
    client.close();
    const result = await service.stopAgent();
    assertExact(result, counts);
    const statuses = serverSpans(result).map(({ attributes }) => attributes['http.response.status_code']);
    assert.equal(statuses.filter((status) => status === 404).length, 30);
    assert.equal(statuses.filter((status) => status === 200).length, 61);
  });
}
