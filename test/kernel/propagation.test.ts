import assert from 'node:assert/strict';
import { connect as connectHttp2 } from 'node:http2';
import { type TestContext, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { goTarget } from '../support/go-target.ts';
import type { SinkSpan } from '../support/otlp-sink.ts';
import { hex, randomNumbers } from '../support/random.ts';
import { sendRaw, startTracedService } from '../support/traced-service.ts';

type Headers = readonly (readonly [name: string, value: string])[];

const trace = '0af7651916cd43dd8448eb211c80319c';
const shortTrace = '8448eb211c80319c';
const parent = 'b7ad6b7169203331';
const other = 'aaaabbbbccccddddaaaabbbbccccdddd';
const traceparent = `00-${trace}-${parent}-01`;

/** What the specifications say of a request with these headers: its parent, or undefined where it begins a trace. */
function expectedParent(headers: Headers, formats: readonly string[]): readonly [string, string] | undefined {
  const all = (name: string) => headers.filter(([given]) => given.toLowerCase() === name).map(([, value]) => value);
  let found: readonly [string, string] | undefined;
  for (const format of formats) {
    const parsed = format === 'tracecontext' ? w3c(all('traceparent')) : (single(all('b3')) ?? multi(all));
    found = parsed ?? found;
  }
  return found;
}

const isId = (id: string) => /[1-9a-f]/.test(id);

function w3c([value, ...more]: readonly string[]) {
  const [, version, traceId = '', spanId = '', rest] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(.*)$/.exec(value ?? '') ?? [];
  if (more.length > 0 || version === undefined || version === 'ff' || !isId(traceId) || !isId(spanId)) return undefined;
  return rest === '' || (version !== '00' && rest?.startsWith('-')) ? ([traceId, spanId] as const) : undefined;
}

function single([value, ...more]: readonly string[]) {
  const [, traceId = '', spanId = '', , grandparent] =
    /^((?:[0-9a-f]{16}){1,2})-([0-9a-f]{16})(-[01d](?:-([0-9a-f]{16}))?)?$/.exec(value ?? '') ?? [];
  if (more.length > 0 || !isId(traceId) || !isId(spanId)) return undefined;
  return grandparent === undefined || isId(grandparent) ? ([traceId.padStart(32, '0'), spanId] as const) : undefined;
}

function multi(all: (name: string) => readonly string[]) {
  const one = (name: string, valid: RegExp): string | undefined => {
    const values = all(name);
    return values.length === 0 ? '' : values.length === 1 && valid.test(values[0] ?? '') ? values[0] : undefined;
  };
  const traceId = one('x-b3-traceid', /^([0-9a-f]{16}){1,2}$/);
  const spanId = one('x-b3-spanid', /^[0-9a-f]{16}$/);
  const sampled = one('x-b3-sampled', /^([01]|true|false|)$/);
  const flags = one('x-b3-flags', /^[01]?$/);
  if (!traceId || !spanId || sampled === undefined || flags === undefined) return undefined;
  return isId(traceId) && isId(spanId) ? ([traceId.padStart(32, '0'), spanId] as const) : undefined;
}

const cases: readonly Headers[] = [
  [],
  [['traceparent', traceparent]],
  [
    ['traceparent', traceparent],
    ['traceparent', traceparent],
  ],
  [['traceparent', `01-${trace}-${parent}-01-more`]],
  [['traceparent', `01-${trace}-${parent}-01more`]],
  [['b3', `${other}-${parent}-1`]],
  [['b3', `${shortTrace}-${parent}`]],
  [['b3', `${trace}-${parent}-d-${parent}`]],
  [['b3', `${shortTrace}-${parent}-0-${'0'.repeat(16)}`]],
  [['b3', '0']],
  [['b3', `${trace}-${parent}-2`]],
  [['b3', `${trace}-${parent}-1x${parent}`]],
  [
    ['traceparent', traceparent],
    ['b3', `${other}-${parent}-1`],
  ],
  [
    ['traceparent', traceparent],
    ['b3', `${other}-${parent}-`],
  ],
  [
    ['X-B3-TraceId', other],
    ['X-B3-SpanId', parent],
    ['X-B3-Sampled', '1'],
  ],
  [
    ['X-B3-TraceId', shortTrace],
    ['X-B3-SpanId', parent],
    ['X-B3-Flags', '1'],
    ['b3', `${other}-${parent}-0`],
  ],
  [
    ['X-B3-TraceId', other],
    ['X-B3-Sampled', '1'],
  ],
  [
    ['X-B3-TraceId', other],
    ['X-B3-SpanId', parent],
    ['X-B3-Sampled', 'yes'],
  ],
  [
    ['X-B3-TraceId', other.toUpperCase()],
    ['X-B3-SpanId', parent],
  ],
];

/** Headers of these formats with something wrong somewhere, or nothing. */
function randomHeaders(random: () => number): Headers {
  const below = (limit: number) => Math.floor(random() * limit);
  const damaged = (text: string) => {
    const at = below(text.length + 1);
    const damage = ['', '-', '0', 'F', 'g', ' x', '\u00e9', text][below(8)] ?? '';
    return [text, text, text.slice(0, at) + damage + text.slice(at + 1), text.slice(0, at)][below(4)] ?? '';
  };
  const traceId = () => (random() < 0.1 ? '0'.repeat(32) : hex(random, random() < 0.3 ? 16 : 32));
  const spanId = () => (random() < 0.1 ? '0'.repeat(16) : hex(random, 16));
  const state = () => ['', '-0', '-1', '-d', `-1-${spanId()}`][below(5)];
  const makers: readonly (() => readonly [string, string])[] = [
    () => ['traceparent', damaged(`${['00', '00', 'ff', '7f'][below(4)]}-${hex(random, 32)}-${spanId()}-0${below(2)}`)],
    () => ['b3', damaged(`${traceId()}-${spanId()}${state()}`)],
    () => ['X-B3-TraceId', damaged(traceId())],
    () => ['X-B3-SpanId', damaged(spanId())],
    () => ['X-B3-Sampled', damaged(['0', '1', 'true', 'false'][below(4)] ?? '')],
    () => ['X-B3-Flags', damaged(['0', '1'][below(2)] ?? '')],
  ];
  return makers.flatMap((make) => (random() < 0.5 ? [make()] : []));
}

function parentOf({ traceId, parentSpanId }: SinkSpan) {
  return parentSpanId === undefined ? undefined : ([traceId, parentSpanId] as const);
}

const settings = (formats: readonly string[], more: Readonly<Record<string, string>> = {}) => ({
  env: { OTEL_PROPAGATORS: [...formats, 'baggage'].join(','), OTEL_TRACES_SAMPLER: 'always_on', ...more },
});

for (const formats of [['tracecontext', 'b3'], ['b3multi', 'tracecontext'], ['b3'], ['tracecontext']]) {
  test(`HTTP/1.1: parents as the specifications say, ${formats}`, { timeout: 120_000 }, async (t) => {
    const service = await startTracedService(t, await goTarget('httpserver'), settings(formats));
    const random = randomNumbers(formats.join().length);
    const requests = [...cases, ...Array.from({ length: 120 }, () => randomHeaders(random))];
    for (const [n, headers] of requests.entries()) {
      const lines = ['Host: x', 'Connection: close', ...headers.map(([name, value]) => `${name}: ${value.trim()}`)];
      await sendRaw(service.address, `GET /n${n} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    }
    const { spans } = await service.stopAgent();
    // net/http refuses some of these bytes.
    assert.ok(spans.length > requests.length * 0.9, `${spans.length} of ${requests.length}`);
    for (const span of spans) {
      const n = Number(String(span.attributes['url.path']).slice(2));
      const trimmed = (requests[n] ?? []).map(([name, value]) => [name, value.trim()] as const);
      assert.deepEqual(parentOf(span), expectedParent(trimmed, formats), JSON.stringify(trimmed));
      assert.match(span.traceId, /^[0-9a-f]{32}$/);
      assert.match(span.traceId, /[1-9a-f]/);
    }
  });
}

test('HTTP/1.1: who decides about sampling, tracestate and baggage', { timeout: 120_000 }, async (t) => {
  const b3 = ['X-B3-TraceId', other] as const;
  const ids = [b3, ['X-B3-SpanId', parent] as const];
  const wanted: readonly (readonly [Headers, boolean])[] = [
    [[], false],
    [ids, false], // left to us, and we keep none
    [[...ids, ['X-B3-Sampled', '1']], true],
    [[...ids, ['X-B3-Sampled', 'true']], true],
    [[...ids, ['X-B3-Sampled', '0']], false],
    [[...ids, ['X-B3-Sampled', '0'], ['X-B3-Flags', '1']], true],
    [[['b3', `${trace}-${parent}-d`]], true],
    [[['b3', `${trace}-${parent}-0`]], false],
    [[['b3', `${trace}-${parent}`]], false],
    [
      [
        ['traceparent', `00-${trace}-${parent}-00`],
        ['b3', `${trace}-${parent}-1`],
      ],
      true,
    ],
    [
      [
        ['traceparent', traceparent],
        ['b3', `${trace}-${parent}-0`],
      ],
      false,
    ],
    [
      [
        ['traceparent', traceparent],
        ['tracestate', 'a=b'],
        ['baggage', 'tenant=acme%20%C3%BC;p=1,token=x,n=2'],
      ],
      true,
    ],
    [
      [
        ['traceparent', traceparent],
        ['tracestate', 'a=b'],
        ['b3', `${other}-${parent}-1`],
      ],
      true,
    ],
  ];
  const env = { OTEL_TRACES_SAMPLER: 'parentbased_always_off', SIDESPAN_BAGGAGE_ATTRIBUTES: 'tenant,to*' };
  const service = await startTracedService(t, await goTarget('httpserver'), settings(['tracecontext', 'b3'], env));
  for (const [n, [headers]] of wanted.entries()) {
    const lines = ['Host: x', 'Connection: close', ...headers.map(([name, value]) => `${name}: ${value}`)];
    await sendRaw(service.address, `GET /n${n} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  }
  const { spans, summary } = await service.stopAgent();
  const kept = spans.map(({ attributes }) => Number(String(attributes['url.path']).slice(2))).sort((a, b) => a - b);
  assert.deepEqual(
    kept,
    wanted.flatMap(([, isKept], n) => (isKept ? [n] : [])),
  );
  assert.equal(summary.probes.find(({ kind }) => kind === 'http.server')?.seen, wanted.length);
  const spanOf = (n: number) => spans.find(({ attributes }) => attributes['url.path'] === `/n${n}`);
  const [withState, overridden] = [spanOf(11), spanOf(12)];
  assert.deepEqual([withState?.traceState, withState?.attributes['tenant']], ['a=b', 'acme ü']);
  // A secret by its name, and a member that nobody asked for.
  assert.deepEqual([withState?.attributes['token'], withState?.attributes['n']], ['REDACTED', undefined]);
  // The tracestate belongs to the traceparent, which was not followed.
  assert.ok(!overridden?.traceState, `tracestate ${overridden?.traceState}`);
});

const remote: readonly Headers[] = [
  [['traceparent', traceparent]],
  [['b3', `${other}-${parent}-1`]],
  [
    ['x-b3-traceid', shortTrace],
    ['x-b3-spanid', parent],
    ['x-b3-sampled', '1'],
  ],
  [['b3', 'nonsense']],
];

test('HTTP/2: every format, and baggage', { timeout: 120_000 }, async (t) => {
  const options = settings(['tracecontext', 'b3'], { SIDESPAN_BAGGAGE_ATTRIBUTES: '*' });
  const service = await startTracedService(t, await goTarget('httpserver'), { ...options, args: ['-tls'] });
  const client = connectHttp2(`https://${service.address}`, { rejectUnauthorized: false });
  t.after(() => client.destroy());
  for (const [n, headers] of remote.entries()) {
    const stream = client.request({ ':path': `/n${n}`, baggage: `n=${n}`, ...Object.fromEntries(headers) });
    await new Promise((resolve) => stream.on('close', resolve).resume());
  }
  client.close();
  const { spans } = await service.stopAgent();
  assertRemote(spans, ({ attributes }) => Number(attributes['n']));
});

test('gRPC: every format, and baggage', { timeout: 120_000 }, async (t) => {
  const options = settings(['tracecontext', 'b3'], { SIDESPAN_BAGGAGE_ATTRIBUTES: '*' });
  const service = await startTracedService(t, await goTarget('grpcserver'), options);
  for (const [n, headers] of remote.entries()) await callGrpc(t, service.address, [...headers, ['baggage', `n=${n}`]]);
  const { spans } = await service.stopAgent();
  assertRemote(spans, ({ attributes }) => Number(attributes['n']));
});

function assertRemote(spans: readonly SinkSpan[], number: (span: SinkSpan) => number): void {
  assert.equal(spans.length, remote.length);
  for (const span of spans) {
    const headers = remote[number(span)] ?? [];
    assert.deepEqual(parentOf(span), expectedParent(headers, ['tracecontext', 'b3']), JSON.stringify(headers));
  }
}

async function callGrpc(context: Pick<TestContext, 'after'>, address: string, headers: Headers): Promise<void> {
  const client = new grpc.Client(address, grpc.credentials.createInsecure());
  context.after(() => client.close());
  const metadata = new grpc.Metadata();
  for (const [name, value] of headers) metadata.add(name, value);
  await new Promise<void>((resolve, reject) => {
    client.makeUnaryRequest(
      '/sidespan.test.Probe/Unary',
      () => Buffer.from([0x0a, 2, 0x6f, 0x6b]),
      (bytes) => bytes,
      'ok',
      metadata,
      {},
      (error) => (error ? reject(error) : resolve()),
    );
  });
}
