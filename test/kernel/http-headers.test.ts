import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { startTracedService } from '../support/traced-service.ts';

const requests = 600;
const traceId = '0af7651916cd43dd8448eb211c80319c';

// A Go map's group may reach into a page that the program never wrote to: reading all of it fails there.
for (const extra of [0, 6]) {
  test(`every request's headers are read, on fresh pages too, with ${extra} others`, {
    timeout: 120_000,
  }, async (context) => {
    const service = await startTracedService(context, await goTarget('httpserver'), {});
    const others = Object.fromEntries(Array.from({ length: extra }, (_, n) => [`x-extra-${n}`, 'v']));
    for (let n = 0; n < requests; n++) {
      const headers = { ...others, traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: 'a=1' };
      await (await fetch(`http://${service.address}/n${n}`, { headers })).text();
    }
    const { spans } = await service.stopAgent();
    assert.equal(spans.length, requests);
    const without = spans.filter((span) => span.traceId !== traceId);
    assert.equal(without.length, 0, `${without.length} requests lost their parent`);
    const unread = spans.filter((span) => span.attributes['sidespan.unavailable'] !== undefined);
    assert.equal(unread.length, 0, JSON.stringify(unread[0]?.attributes['sidespan.unavailable']));
  });
}
