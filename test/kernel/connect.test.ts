import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { startTracedService } from '../support/traced-service.ts';

/** What is said to it, the answer's HTTP status, and the code and error type of the span. */
const unary: readonly (readonly [text: string, status: number, code?: string, errorType?: string])[] = [
  ['hello', 200],
  ['not found', 404, 'not_found'],
  ['internal', 500, 'internal', '500'],
  ['plain', 500, 'unknown', '500'],
  ['canceled', 499, 'canceled'],
];
/** In a stream's answer the status is 200 whatever comes. */
const streams: typeof unary = [
  ['hello', 200],
  ['not found', 200, 'not_found'],
  ['internal', 200, 'internal', 'internal'],
];

/** A message with its length in front, as streams of the Connect protocol have it. */
function enveloped(message: string): Uint8Array<ArrayBuffer> {
  const text = Buffer.from(message);
  const bytes = new Uint8Array(5 + text.length);
  new DataView(bytes.buffer).setUint32(1, text.length);
  bytes.set(text, 5);
  return bytes;
}

for (const build of [{}, { ldflags: '-s -w' }]) {
  test(`connect-go: procedures and their errors, ${JSON.stringify(build)}`, { timeout: 120_000 }, async (t) => {
    const service = await startTracedService(t, await goTarget('connectserver', build));
    const ask = async (procedure: string, type: string, body: string | Uint8Array<ArrayBuffer>) => {
      const url = `http://${service.address}/test.v1.Echo/${procedure}`;
      const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': type }, body });
      await answer.arrayBuffer();
      return answer.status;
    };
    for (const [text, status] of unary)
      assert.equal(await ask('Say', 'application/json', JSON.stringify(text)), status);
    for (const [text, status] of streams)
      assert.equal(await ask('Stream', 'application/connect+json', enveloped(JSON.stringify(text))), status);
    // No procedure is called.
    assert.equal(await ask('Say', 'text/plain', 'hello'), 415);

    const { spans, summary } = await service.stopAgent();
    assert.equal(summary.balanced, true);
    const seen = spans.map(({ name, status, attributes }) => {
      assert.equal(attributes['rpc.system.name'], 'connectrpc');
      assert.equal(status === 'ERROR', attributes['error.type'] !== undefined);
      assert.equal(name, `POST /${attributes['rpc.method']}`);
      const http = attributes['http.response.status_code'];
      return [attributes['rpc.method'], http, attributes['rpc.status_code'], attributes['error.type']].join(' ');
    });
    const line = (method: string, [, status, code, errorType]: (typeof unary)[number]) =>
      [`test.v1.Echo/${method}`, status, code, errorType].join(' ');
    const expected = [
      ...unary.map((each) => line('Say', each)),
      ...streams.map((each) => line('Stream', each)),
      line('Say', ['', 415]),
    ];
    assert.deepEqual(seen.sort(), expected.sort());
  });
}
