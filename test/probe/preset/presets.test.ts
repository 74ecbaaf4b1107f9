import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openGoBinary } from '../../../src/binary/open-go-binary.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { ChunkReader } from '../../../src/event/chunk-reader.ts';
import { captureOf, decodeFields } from '../../../src/event/decode-fields.ts';
import { captureOp } from '../../../src/probe/capture/capture-op.ts';
import { planProbes } from '../../../src/probe/plan-probes.ts';
import { mapKind, probeFlag, siteAction } from '../../../src/probe/wire.ts';
import { tracerSettings } from '../../../src/tracer/tracer-settings.ts';
import fc from '../../support/fast-check.ts';
import { type GoTargetOptions, goTarget } from '../../support/go-target.ts';
import { runPlan } from '../capture/capture-interpreter.ts';
import type { Target } from '../capture/capture-target.ts';
import { FakeMemory } from '../capture/fake-memory.ts';
import { amd64, checkPlan, contextOf, dynamicTypesOf, headers, planOf, put, runSite, targetOf } from '../planned.ts';

const slow = { timeout: 900_000 };

// The gRPC server may also serve by net/http's.
for (const [program, servers] of [
  ['httpserver', 1],
  ['grpcserver', 2],
] as const) {
  test(`with OTEL_PROPAGATORS=none nothing takes over a traceparent: ${program}`, slow, async () => {
    using binary = openGoBinary(await goTarget(program));
    const traceparentOps = (environment: Record<string, string>) => {
      const { presets } = tracerSettings(loadConfig(environment).config).plan;
      const plan = planProbes(binary, { patterns: [], presets }).value;
      assert.ok(plan);
      checkPlan(plan);
      assert.ok(plan.report.presets.some(({ unavailable }) => unavailable === undefined));
      return plan.plans.flatMap(({ ops }) => ops).filter(({ op }) => op === captureOp.traceparent).length;
    };
    assert.ok(traceparentOps({}) > 0);
    assert.equal(traceparentOps({ OTEL_PROPAGATORS: 'none' }), 0);
    assert.equal(traceparentOps({ OTEL_PROPAGATORS: 'baggage' }), 0);
    assert.equal(traceparentOps({ OTEL_PROPAGATORS: 'b3multi,tracecontext' }), 6 * servers);
  });
}

test('a function where a preset begins is not traced twice', slow, async () => {
  using binary = openGoBinary(await goTarget('httpserver'));
  const plan = planOf(binary, 'net/http.serverHandler.ServeHTTP;net/http.(*ServeMux).ServeHTTP');
  checkPlan(plan);
  assert.deepEqual(
    plan.probes.map(({ description }) => description.functionName),
    ['net/http.serverHandler.ServeHTTP', 'net/http.(*ServeMux).ServeHTTP'],
  );
  assert.deepEqual(plan.report.untraceable, [
    {
      functionName: 'net/http.serverHandler.ServeHTTP',
      reason: 'its calls are traced already, by the preset net/http server',
    },
  ]);
});

for (const go of ['1.22', '1.23', '1.24', '1.25', '1.26']) {
  test(`net/http's preset on Go ${go}, stripped`, slow, async () => {
    using binary = openGoBinary(await goTarget('httpserver', { go, ldflags: '-s -w' }));
    const plan = planOf(binary);
    checkPlan(plan);
    assert.equal(plan.report.presets[0]?.unavailable, undefined);
    assert.deepEqual(plan.report.presets[0]?.missing, []);
    const minor = Number(go.split('.')[1]);
    // Offsets as measured by DWARF: goid moved in 1.23 and back in 1.25.
    assert.equal(plan.process.goid, minor === 23 || minor === 24 ? 160 : 152);
    assert.equal(plan.process.stackHi, 8);
    assert.deepEqual(plan.process.recovery, { panic: 32, panicFp: minor >= 26 ? 56 : 64 });
    assert.equal(plan.process.mapKind, minor >= 24 ? mapKind.swiss : mapKind.buckets);
    assert.equal(plan.probes[0]?.flags, probeFlag.server | probeFlag.held | probeFlag.keepArguments);
    const perRequest = plan.sites.filter(({ action }) => action === siteAction.enter || action === siteAction.finish);
    for (const site of perRequest) assert.equal(site.why, 'stack check', plan.functionNames[site.function]);

    const memory = new FakeMemory();
    const url = put(memory, binary.runtimeType('net/url.URL'), { Path: '/items/1', RawQuery: 'q=1' });
    const pattern: Record<string, string | bigint> =
      minor >= 23
        ? { Pattern: 'GET /items/{id}' }
        : { pat: put(memory, binary.runtimeType('net/http.pattern'), { str: 'GET /items/{id}' }) };
    const requestFields = {
      Method: 'GET',
      RequestURI: '/items/1?q=1',
      URL: url,
      Host: 'shop:80',
      RemoteAddr: '10.0.0.1:1',
      ProtoMajor: 1,
      ProtoMinor: 1,
      ContentLength: 5,
      Header: 0x77n,
      ...pattern,
    };
    const request = put(memory, binary.runtimeType('net/http.Request'), requestFields);
    const entered = (pointer: bigint) =>
      runSite(plan, /ServeHTTP$/, targetOf(memory, { [amd64.di]: pointer, [amd64.bx]: 1n, [amd64.cx]: 2n }));
    const { run, values, remaining } = entered(request);
    assert.deepEqual(run.saved, [request, 1n, 2n]);
    assert.deepEqual(run.traceparents, [headers['Traceparent']]);
    const received = {
      method: 'GET',
      target: '/items/1?q=1',
      host: 'shop:80',
      peer: '10.0.0.1:1',
      protoMajor: 1,
      protoMinor: 1,
      contentLength: 5,
      tls: false,
      userAgent: 'curl/8',
      tracestate: null,
      forwardedFor: ['10.1.1.1', '10.2.2.2'],
      forwardedProto: null,
    };
    assert.deepEqual(values, received);
    assert.equal(remaining, 0);

    // A request without the first line's target: its URL is read then.
    const bare = put(memory, binary.runtimeType('net/http.Request'), { ...requestFields, RequestURI: '' });
    assert.deepEqual(entered(bare).values, { ...received, target: '', path: '/items/1', query: 'q=1' });

    const routed = { pattern: 'GET /items/{id}' };
    const response = put(memory, binary.runtimeType('net/http.response'), { status: 404, written: 99 });
    const finished = runSite(plan, /finishRequest$/, targetOf(memory, { [amd64.ax]: response }), run.saved);
    assert.deepEqual(finished.values, { ...routed, status: 404, written: 99 });
    assert.equal(finished.remaining, 0);

    const state = put(memory, binary.runtimeType('net/http.http2responseWriterState'), { status: 200, wroteBytes: 12 });
    const writer = put(memory, binary.runtimeType('net/http.http2responseWriter'), { rws: state });
    const overHttp2 = runSite(plan, /handlerDone$/, targetOf(memory, { [amd64.ax]: writer }), run.saved);
    assert.deepEqual(overHttp2.values, { ...routed, status: 200, written: 12 });

    // A call that a panic ended: only the saved words are left, the writer is told by its type.
    const abandoned = plan.plans[plan.probes[0]?.abandonedPlan ?? -1];
    const itab = Buffer.alloc(32);
    itab.writeBigUInt64LE(BigInt(binary.runtimeTypeAddress('*net/http.response') ?? 0), 8);
    const saved = [request, memory.allocate(itab), response];
    const last = runPlan(abandoned?.ops ?? [], targetOf(memory, {}), {
      strings: plan.strings,
      saved,
      dynamicTypes: dynamicTypesOf(plan),
    });
    const reader = new ChunkReader(last.bytes).start(0, last.bytes.length);
    const capture = captureOf(plan.probes[0]?.fields ?? [], reader);
    assert.ok(capture);
    const fields = decodeFields(capture, reader, contextOf(plan));
    const content = (of: string) => fields.find(({ name }) => name === of)?.value;
    assert.equal(content('pattern'), 'GET /items/{id}');
    assert.equal(content('status'), 404);
    assert.equal(content('written'), 99);
  });
}

const grpcBuilds: readonly (readonly [version: string, options: GoTargetOptions])[] = [
  ['1.60.1', { modfile: 'grpc-1.60.1.mod', go: '1.22' }],
  ['1.65.0', { modfile: 'grpc-1.65.0.mod', go: '1.22' }],
  ['1.70.0', { modfile: 'grpc-1.70.0.mod', go: '1.24' }],
  ['1.75.1', { modfile: 'grpc-1.75.1.mod', go: '1.25' }],
  ['latest', {}],
];

for (const [version, options] of grpcBuilds) {
  test(`grpc-go's preset on ${version}`, slow, async () => {
    using binary = openGoBinary(await goTarget('grpcserver', options));
    const plan = planOf(binary);
    checkPlan(plan);
    const report = plan.report.presets.find(({ name }) => name === 'grpc-go server');
    assert.equal(report?.unavailable, undefined);
    assert.ok(plan.sites.some(({ action, probe }) => action === siteAction.goroutineEnd && probe === undefined));

    const transport = 'google.golang.org/grpc/internal/transport';
    const memory = new FakeMemory();
    const keyType = binary.runtimeTypeAddress('google.golang.org/grpc/metadata.mdIncomingKey');
    const common = { method: '/shop.Cart/Add', ctx: [0x11n, 0x22n] as const };
    const streamType = binary.runtimeType(`${transport}.Stream`);
    const own = binary.runtimeType(`${transport}.ServerStream`);
    const embedded = own?.fields?.find(({ name }) => name === 'Stream');
    const stream =
      own === undefined
        ? put(memory, streamType, common)
        : embedded?.type.kind === 'pointer'
          ? put(memory, own, { Stream: put(memory, streamType, common) })
          : put(memory, own, common);
    const withContext: Partial<Target> = {
      contextValue: (itab, data, vaddr) =>
        itab === 0x11n && data === 0x22n && vaddr === keyType ? [1n, 0x77n] : undefined,
    };
    const { run, values: entered } = runSite(
      plan,
      /handleStream$/,
      targetOf(memory, { [amd64.di]: stream }, withContext),
    );
    assert.equal(run.saved[0], stream);
    assert.deepEqual(run.traceparents, [headers['traceparent']]);
    assert.deepEqual(entered, { tracestate: 'a=b' });

    const proto = put(memory, binary.runtimeType('google.golang.org/genproto/googleapis/rpc/status.Status'), {
      Code: 5,
      Message: 'no such item',
    });
    const status = put(memory, binary.runtimeType('google.golang.org/grpc/internal/status.Status'), { s: proto });
    const address = put(memory, binary.runtimeType('net.TCPAddr'), { Port: 4711 });
    memory.read(address, 8)?.set(addressBytes(memory, [10, 0, 0, 1]));
    memory.read(address + 8n, 1)?.set([4]);
    const itab = Buffer.alloc(32);
    itab.writeBigUInt64LE(BigInt(binary.runtimeTypeAddress('*net.TCPAddr') ?? 0), 8);
    const server = put(memory, binary.runtimeType(`${transport}.http2Server`), {
      'peer.Addr': [memory.allocate(itab), address],
    });
    const registers = { [amd64.ax]: server, [amd64.bx]: stream, [amd64.cx]: status };
    const failed = runSite(plan, /http2Server\)\.[wW]riteStatus$/, targetOf(memory, registers, withContext));
    assert.deepEqual(failed.values, {
      method: '/shop.Cart/Add',
      peer: '10.0.0.1:4711',
      code: 5,
      message: 'no such item',
    });
    const ok = runSite(plan, /http2Server\)\.[wW]riteStatus$/, targetOf(memory, { ...registers, [amd64.cx]: 0n }));
    assert.deepEqual(ok.values, {
      method: '/shop.Cart/Add',
      peer: '10.0.0.1:4711',
      code: 0,
      message: null,
    });
  });
}

function addressBytes(memory: FakeMemory, octets: readonly number[]): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(memory.allocate(Uint8Array.from(octets)));
  return bytes;
}

test('bytes that no plan wrote give reasons, never an exception', slow, async () => {
  using binary = openGoBinary(await goTarget('httpserver'));
  const plan = planOf(binary);
  const memory = new FakeMemory();
  const url = put(memory, binary.runtimeType('net/url.URL'), { Path: '/items/1', RawQuery: 'q=1' });
  const request = put(memory, binary.runtimeType('net/http.Request'), { Method: 'GET', URL: url, Header: 0x77n });
  const response = put(memory, binary.runtimeType('net/http.response'), { status: 404 });
  const { run } = runSite(plan, /finishRequest$/, targetOf(memory, { [amd64.ax]: response }), [request, 1n, 2n]);
  const captures = plan.probes[0]?.fields ?? [];
  const edits = fc.array(fc.tuple(fc.nat(run.bytes.length - 1), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(edits, fc.nat(run.bytes.length), fc.nat(captures.length - 1), (changes, cut, which) => {
      const bytes = Uint8Array.from(run.bytes);
      for (const [at, value] of changes) bytes[at] = value;
      const capture = captures[which];
      assert.ok(capture);
      const fields = decodeFields(capture, new ChunkReader(bytes).start(0, cut), contextOf(plan));
      for (const value of fields) assert.notEqual(value.value === undefined, value.unavailable === undefined);
    }),
    { numRuns: 500 },
  );
});
