import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpanStatusCode } from '@opentelemetry/api';
import { createSpanStore, defaultLimits } from '../../src/web/span-store.ts';
import { readableSpan, type SpanPlan } from '../support/readable-span.ts';
import { gateway, inventory, shopTraces } from '../support/shop-spans.ts';

const START = 1_800_000_000_000_000_000n;

function span(trace: number, plan: Partial<SpanPlan> = {}) {
  return readableSpan({
    name: 'main.work',
    resource: gateway,
    traceId: trace.toString(16).padStart(32, '0'),
    spanId: '00000000000000a1',
    startUnixNs: START,
    durationNs: 1_000_000,
    ...plan,
  });
}

function limits(recent: number, notable: number) {
  return { recent: { maxTraces: recent, maxBytes: 1 << 20 }, notable: { maxTraces: notable, maxBytes: 1 << 20 } };
}

function idsOf(store: ReturnType<typeof createSpanStore>): number[] {
  return store.traces({}, 1000).traces.map(({ id }) => Number.parseInt(id, 16));
}

test('spans that end one after the other become one trace, named by its root once that is there', () => {
  const store = createSpanStore();
  const root = { spanId: '00000000000000a1', name: 'POST /checkout', durationNs: 9_000_000 };
  store.add([span(7, { spanId: '00000000000000b2', parentSpanId: root.spanId, startUnixNs: START + 2_000_000n })]);
  const [partial] = store.traces({}, 10).traces;
  assert.equal(partial?.name, 'main.work');
  assert.equal(partial?.rootMissing, true);
  store.add([span(7, root)]);
  const [whole] = store.traces({}, 10).traces;
  assert.deepEqual(whole, {
    id: '00000000000000000000000000000007',
    order: 1,
    startUnixMs: 1_800_000_000_000,
    durationNs: 9_000_000,
    name: 'POST /checkout',
    service: 'gateway',
    services: ['gateway'],
    spanCount: 2,
    errorCount: 0,
    outcome: undefined,
    rootMissing: false,
  });
});

test('a trace through two services knows both, the root first', () => {
  const store = createSpanStore();
  const remote = { spanId: '00000000000000b2', parentSpanId: '00000000000000a1', remoteParent: true };
  store.add([span(1, { ...remote, resource: inventory, name: 'Reserve' }), span(1, { name: 'POST /checkout' })]);
  const [trace] = store.traces({}, 10).traces;
  assert.deepEqual(trace?.services, ['gateway', 'inventory']);
  const details = store.trace('00000000000000000000000000000001');
  assert.deepEqual(
    details?.spans.map(({ name, pid, parentMissing }) => ({ name, pid, parentMissing })),
    [
      { name: 'Reserve', pid: 4712, parentMissing: undefined },
      { name: 'POST /checkout', pid: 4711, parentMissing: undefined },
    ],
  );
});

test('a parent that is not among the spans is said to be remote or not here', () => {
  const store = createSpanStore();
  store.add([
    span(1, { spanId: '00000000000000b2', parentSpanId: '00000000000000c3', remoteParent: true }),
    span(1, { spanId: '00000000000000b4', parentSpanId: '00000000000000c5' }),
  ]);
  const missing = store.trace('00000000000000000000000000000001')?.spans.map((each) => each.parentMissing);
  assert.deepEqual(missing, ['remote', 'not here']);
});

test('parents in a circle still give a trace', () => {
  const store = createSpanStore();
  store.add([
    span(1, { spanId: '00000000000000b2', parentSpanId: '00000000000000c3' }),
    span(1, { spanId: '00000000000000c3', parentSpanId: '00000000000000b2' }),
  ]);
  assert.equal(store.traces({}, 10).traces[0]?.spanCount, 2);
});

test('the oldest whole traces go first when there are too many', () => {
  const store = createSpanStore({ ...defaultLimits, recent: { maxTraces: 3, maxBytes: 1 << 20 } });
  for (const trace of [1, 2, 3, 4, 5]) store.add([span(trace), span(trace, { spanId: '00000000000000b2' })]);
  assert.deepEqual(idsOf(store), [5, 4, 3]);
  assert.equal(store.trace('00000000000000000000000000000002'), undefined);
  assert.equal(store.figures().tracesTotal, 5);
  assert.equal(store.figures().spansTotal, 10);
});

test('traces with errors outlive ordinary ones, within their share', () => {
  const store = createSpanStore({ ...defaultLimits, ...limits(6, 2) });
  const failed = { status: { code: SpanStatusCode.ERROR } };
  for (const trace of [1, 2, 3]) store.add([span(trace, failed)]);
  for (let trace = 10; trace < 30; trace++) store.add([span(trace)]);
  assert.deepEqual(idsOf(store), [29, 28, 27, 26, 25, 24, 3, 2]);
});

test('a trace of unusual duration outlives ordinary ones', () => {
  const store = createSpanStore({ ...defaultLimits, ...limits(30, 10) });
  for (let trace = 1; trace <= 300; trace++) store.add([span(trace)]);
  store.add([span(1000, { durationNs: 80_000_000 })]);
  for (let trace = 301; trace <= 500; trace++) store.add([span(trace)]);
  assert.ok(idsOf(store).includes(1000));
});

test('bytes are bounded, whatever the attributes hold; whole traces leave', () => {
  const store = createSpanStore({ ...defaultLimits, recent: { maxTraces: 1000, maxBytes: 100_000 } });
  for (let trace = 1; trace <= 200; trace++) {
    const attributes = { text: 'x'.repeat(3000), list: ['y'.repeat(1000), 'z'] };
    store.add([span(trace, { attributes }), span(trace, { spanId: '00000000000000b2', attributes })]);
  }
  const { bytesKept, tracesKept } = store.figures();
  assert.ok(bytesKept <= 100_000 && tracesKept >= 10, `${tracesKept} traces in ${bytesKept} bytes`);
  assert.deepEqual(
    idsOf(store),
    Array.from({ length: tracesKept }, (_, index) => 200 - index),
  );
  for (const { id, spanCount } of store.traces({}, 1000).traces) assert.equal(store.trace(id)?.spans.length, spanCount);
});

test('a span of enormous attributes is kept in part, and says so', () => {
  const store = createSpanStore();
  const attributes = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`key${index}`, 'x'.repeat(9000)]));
  store.add([span(1, { attributes })]);
  const [kept] = store.trace('00000000000000000000000000000001')?.spans ?? [];
  assert.equal(kept?.attributesCut, true);
  assert.ok(kept.attributes.length >= 5 && kept.attributes.length < 100);
  assert.ok(String(kept.attributes[0]?.[1]).endsWith('x… (cut: 9000 characters)'));
});

test('a trace that begins before its first record is gone goes on as another, partial one', () => {
  const store = createSpanStore({ ...defaultLimits, recent: { maxTraces: 1000, maxBytes: 70_000 } });
  store.add([span(1)]);
  for (let trace = 2; trace < 1500; trace++) store.add([span(trace)]);
  store.add([span(1, { spanId: '00000000000000b2', parentSpanId: '00000000000000a1' })]);
  const late = store.trace('00000000000000000000000000000001');
  assert.equal(late?.spans.length, 1);
  assert.equal(late.summary.rootMissing, true);
});

test('the spans of one endless trace are bounded, and the rest counted', () => {
  const store = createSpanStore({ ...defaultLimits, maxSpansPerTrace: 10 });
  for (let index = 0; index < 25; index++) store.add([span(1, { spanId: index.toString(16).padStart(16, '0') })]);
  const trace = store.trace('00000000000000000000000000000001');
  assert.equal(trace?.spans.length, 10);
  assert.equal(trace?.spansNotKept, 15);
  assert.equal(trace?.summary.spanCount, 25);
});

test('filters: service, name, path, trace id, duration, errors', () => {
  const store = createSpanStore();
  for (const spans of shopTraces(200)) store.add(spans);
  const all = store.traces({}, 1000).traces;
  const count = (filter: Parameters<typeof store.traces>[0]) => store.traces(filter, 1000).traces.length;
  assert.equal(all.length, 200);
  assert.equal(count({ service: 'inventory' }), all.filter(({ name }) => name === 'POST /checkout').length);
  assert.equal(count({ service: 'invent' }), 0);
  assert.equal(count({ name: 'CART).add' }), all.filter(({ name }) => name === 'PUT /cart/{id}').length);
  assert.ok(count({ name: '/products/moka-pot' }) > 0);
  assert.equal(count({ name: all[0]?.id.slice(0, 12) ?? '' }), 1);
  assert.equal(count({ minDurationMs: 20 }), all.filter(({ durationNs }) => durationNs >= 20e6).length);
  const failed = store.traces({ errorsOnly: true }, 1000).traces;
  assert.ok(failed.length > 0 && failed.length < 200);
  assert.ok(failed.every(({ errorCount }) => errorCount > 0));
});

test('only what changed since a revision is given, newest first, with how many did not fit', () => {
  const store = createSpanStore();
  for (const trace of [1, 2, 3]) store.add([span(trace)]);
  const seen = store.revision;
  store.add([span(2, { spanId: '00000000000000b2' }), span(4)]);
  store.add([span(5)]);
  const { traces, more } = store.traces({}, 2, seen);
  assert.deepEqual(
    traces.map(({ order }) => order),
    [5, 4],
  );
  assert.equal(more, 1);
  assert.deepEqual(store.traces({}, 2, store.revision), { traces: [], more: 0 });
});

test('histograms count every span, also of traces that are gone', () => {
  const store = createSpanStore({ ...defaultLimits, ...limits(5, 5) });
  let spans = 0;
  for (const trace of shopTraces(400)) {
    spans += trace.length;
    store.add(trace);
  }
  const { histograms, spansWithoutHistogram } = store.histograms();
  const counted = histograms.reduce((sum, { count }) => sum + count, 0);
  const inBuckets = histograms.flatMap(({ run }) => run.counts).reduce((sum, count) => sum + count, 0);
  assert.deepEqual(
    { counted, inBuckets, spansWithoutHistogram },
    { counted: spans, inBuckets: spans, spansWithoutHistogram: 0 },
  );
  const checkout = histograms.find(({ name }) => name === 'POST /checkout');
  assert.equal(checkout?.kind, 'server');
  assert.ok(checkout && checkout.p50Ns < checkout.p90Ns && checkout.p90Ns < checkout.p99Ns);
  assert.deepEqual(
    store
      .services()
      .map(({ name, pids }) => ({ name, pids }))
      .toSorted((a, b) => a.name.localeCompare(b.name)),
    [
      { name: 'gateway', pids: [4711] },
      { name: 'inventory', pids: [4712] },
    ],
  );
});

test('names without end do not fill the memory: the rest is counted as such', () => {
  const store = createSpanStore();
  for (let index = 0; index < 1500; index++) store.add([span(index, { name: `GET /user/${index}` })]);
  assert.equal(store.histograms().histograms.length, 1000);
  assert.equal(store.histograms().spansWithoutHistogram, 500);
});
