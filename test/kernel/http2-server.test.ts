import assert from 'node:assert/strict';
import { connect as connectHttp2 } from 'node:http2';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { startTracedService } from '../support/traced-service.ts';
import {
  assertExact,
  byRouteAndStatus,
  childrenOf,
  functions,
  type ServerCounts,
  serverSpans,
  serversOwn,
} from './http-counts.ts';

const trace = '0af7651916cd43dd8448eb211c80319c';
const parent = 'b7ad6b7169203331';

for (const build of [{ go: '1.22' }, { go: '1.25' }, {}, { ldflags: '-s -w' }]) {
  test(`HTTP/2 has one span a stream, ${JSON.stringify(build)}`, { timeout: 60_000 }, async (t) => {
    const service = await startTracedService(t, await goTarget('httpserver', build), { args: ['-tls'], functions });
    const client = connectHttp2(`https://${service.address}`, { rejectUnauthorized: false });
    t.after(() => client.destroy());
    const get = async (path: string, headers: Record<string, string> = {}): Promise<string> => {
      const stream = client.request({ ':path': path, 'user-agent': 'h2/1', ...headers });
      let body = '';
      stream.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      await new Promise((resolve) => {
        stream.on('close', resolve);
        stream.on('error', () => {}); // the reset of a handler that panicked
      });
      return body;
    };
    const each = [
      '/greet/ada',
      '/status/404',
      '/status/500',
      '/stream?pieces=2',
      '/sleep?for=1ms',
      '/panic',
      '/nowhere',
    ];
    await Promise.all(
      Array.from({ length: 20 }, () => each)
        .flat()
        .map((path) => get(path)),
    );
    await get('/greet/traced', { traceparent: `00-${trace}-${parent}-01` });
    const counts = JSON.parse(await get('/debug/counts')) as ServerCounts;
    client.close();
    const result = await service.stopAgent();

    assertExact(result, counts);
    const spans = serverSpans(result);
    assert.deepEqual(byRouteAndStatus(spans), serversOwn(counts));
    for (const { attributes } of spans) {
      assert.equal(attributes['network.protocol.version'], '2');
      assert.equal(attributes['url.scheme'], 'https');
      assert.equal(attributes['user_agent.original'], 'h2/1');
    }
    const traced = spans.find(({ attributes }) => attributes['url.path'] === '/greet/traced')!;
    assert.deepEqual([traced.traceId, traced.parentSpanId], [trace, parent]);
    assert.deepEqual(
      childrenOf(result, traced).map(({ name }) => name),
      ['main.Greeting'],
    );
  });
}
