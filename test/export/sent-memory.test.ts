import assert from 'node:assert/strict';
import { subscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { startOtlpSink } from '../support/otlp-sink.ts';
import { eventually } from '../support/running.ts';
import { open } from './export-bench.ts';

/** Everything that was written to an HTTP/2 stream, in order. */
const written: { readonly data: Uint8Array }[] = [];
subscribe('http2.client.stream.bodyChunkSent', (message) => written.push(message as { readonly data: Uint8Array }));

const isReleased = ({ data }: { readonly data: Uint8Array }) => data.length === 0;

test('the memory of a request is released when it was accepted, and not before', async () => {
  await using sink = await startOtlpSink();
  const bench = await open('grpc', sink.grpc, {});
  bench.add(512);
  await bench.exporter.flush(5000);
  await eventually(
    () => written.every(isReleased),
    (released) => released,
  );
  assert.equal(written.length, 1);

  await sink.behave({ mode: 'unavailable', requests: 2 });
  bench.add(512);
  await eventually(
    () => bench.row().exported,
    (exported) => exported === 1024,
  );
  const { spans, distinctSpans } = await sink.state();
  assert.deepEqual([spans, distinctSpans], [1024, 1024]);
  const [, ...others] = written;
  assert.equal(others.length, 3);
  await eventually(
    () => others.map(isReleased),
    ([first, second, last]) => !first && !second && last === true,
  );
  await bench.exporter.shutdown(1000);
});
