/**
 * gRPC calls that do not simply return: each has one span on each side, with the code that its program saw, and a panic
 * says what was panicked with, and where.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goCodeNames, grpcOddTarget } from '../support/grpc-target.ts';
import type { SinkSpan } from '../support/otlp-sink.ts';
import { dropped, startTracedService } from '../support/traced-service.ts';

/** As test/targets/grpcserver/oddcalls tells them: calls by method, then by Go's name of the code. */
type Side = Readonly<Record<string, Readonly<Record<string, number>>>>;
interface Counts {
  readonly clients: Side;
  readonly servers: Side;
}

const service = '/sidespan.test.Odd/';
/** The server's stats.Handler hears nothing of methods that it does not have. */
const unknownMethods = ['/no.Such/Thing', '/none', `${service}Missing`, `${service}MissingStream`];
const panics: Readonly<Record<string, readonly [type: string, message: string]>> = {
  Panics: ['string', 'out of cheese'],
  PanicStream: ['*errors.errorString', 'in the stream'],
};

for (const [version, options] of [
  ['1.85.0', {}],
  ['1.40.1', { ldflags: '-s -w' }],
] as const) {
  test(`odd gRPC calls have one truthful span a side, grpc-go ${version} ${JSON.stringify(options)}`, {
    timeout: 60_000,
  }, async (t) => {
    const program = await startTracedService(t, await grpcOddTarget(version, options));
    program.tell();
    const { clients, servers } = JSON.parse(await program.line()) as Counts;
    program.tell('crash');
    await program.ended();
    const { spans, summary } = await program.stopAgent();

    const crashed = spans.filter(({ attributes }) => attributes['sidespan.ended'] === 'panic');
    assert.equal(crashed.length, 1);
    assertPanic(crashed[0]!, 'Panics');
    // The client's call of it ended with the program.
    const others = spans.filter((span) => span !== crashed[0]);
    assert.deepEqual(byMethod(others, 'CLIENT'), expected(clients));
    const unknown = Object.fromEntries(unknownMethods.map((method) => [method, { Unimplemented: 1 }]));
    // A handler that ends its goroutine answers nothing; to the stats.Handler that is OK.
    const goexits = { [`${service}Goexits`]: { goexit: 1 } };
    assert.deepEqual(byMethod(others, 'SERVER'), expected({ ...servers, ...unknown, ...goexits }));
    for (const span of others) assertTruthful(span);
    for (const probe of summary.probes) {
      assert.deepEqual([dropped(probe), probe.enteredBeforeAttach], [0, 0], JSON.stringify(probe));
    }
    assert.equal(summary.balanced, true);
  });
}

function expected(side: Side): Side {
  return sorted(
    Object.entries(side).map(([method, codes]) => [
      method,
      sorted(Object.entries(codes).map(([code, count]) => [goCodeNames[code] ?? code, count])),
    ]),
  );
}

function byMethod(spans: readonly SinkSpan[], kind: string): Side {
  const ofKind = spans.filter((span) => span.kind === kind);
  return sorted(
    [...Map.groupBy(ofKind, methodOf)].map(([method, calls]) => {
      const codes = Map.groupBy(calls, ({ attributes }) =>
        String(attributes['rpc.status_code'] ?? attributes['sidespan.ended']),
      );
      return [method, sorted([...codes].map(([code, { length }]) => [code, length]))];
    }),
  );
}

function methodOf({ attributes }: SinkSpan): string {
  return `/${attributes['rpc.method_original'] ?? attributes['rpc.method']}`;
}

function sorted<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Of these the server is to blame. */
const serverErrors = ['UNKNOWN', 'DEADLINE_EXCEEDED', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS'];

function assertTruthful(span: SinkSpan): void {
  const { attributes, kind, status } = span;
  const code = attributes['rpc.status_code'] ?? attributes['sidespan.ended'];
  const isError = kind === 'CLIENT' ? code !== 'OK' : [...serverErrors, 'goexit'].includes(String(code));
  assert.equal(attributes['error.type'], isError ? code : undefined, JSON.stringify(span));
  assert.equal(status, isError ? 'ERROR' : 'UNSET', JSON.stringify(span));
  const method = methodOf(span).slice(service.length);
  if (kind === 'SERVER' && panics[method]) assertPanic(span, method);
  else assert.deepEqual(span.events ?? [], [], JSON.stringify(span));
}

function assertPanic({ events = [] }: SinkSpan, method: string): void {
  assert.equal(events.length, 1);
  const { name, attributes } = events[0]!;
  assert.equal(name, 'exception');
  assert.deepEqual([attributes['exception.type'], attributes['exception.message']], panics[method]);
  const frames = String(attributes['exception.stacktrace']).split('\n');
  assert.match(frames[0]!, /^goroutine \d+ \[running\]:$/);
  const own = frames.findIndex((line) => line.startsWith('main.'));
  assert.match(frames[own + 1] ?? '', /service\.go:\d+$/, frames.join('\n'));
  assert.ok(frames.includes('google.golang.org/grpc.(*Server).handleStream(...)'), frames.join('\n'));
}
