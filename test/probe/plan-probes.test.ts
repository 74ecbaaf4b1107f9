import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { GoBinary } from '../../src/binary/go-binary.ts';
import type { GoType } from '../../src/binary/go-type.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { ChunkReader } from '../../src/event/chunk-reader.ts';
import { captureOf, decodeFields } from '../../src/event/decode-fields.ts';
import type { DecodeContext } from '../../src/event/decode-value.ts';
import { dynamicValueShape } from '../../src/event/dynamic-value.ts';
import { formatPlan, planLimits } from '../../src/probe/capture-op.ts';
import { worstCaseSteps } from '../../src/probe/capture-plan.ts';
import { fieldPath } from '../../src/probe/field-path.ts';
import { parsePatterns } from '../../src/probe/pattern.ts';
import { planProbes } from '../../src/probe/plan-probes.ts';
import { allPresets } from '../../src/probe/presets.ts';
import type { ProbePlan } from '../../src/probe/probe-plan.ts';
import { mapKind, probeFlag, siteAction, siteFlag } from '../../src/probe/wire.ts';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import { runPlan, type Target } from './capture-interpreter.ts';
import { FakeMemory } from './fake-memory.ts';

const slow = { timeout: 900_000 };

function planOf(binary: GoBinary, patterns = '', maxFunctions?: number): ProbePlan {
  const found = planProbes(binary, { patterns: parsePatterns(patterns), presets: allPresets, maxFunctions });
  assert.equal(found.unavailable, undefined);
  return found.value as ProbePlan;
}

/** What must hold of every plan. */
function checkPlan(plan: ProbePlan): void {
  for (const { ops } of plan.plans) {
    assert.ok(worstCaseSteps(ops) <= planLimits.planSteps, formatPlan(ops, plan.strings));
    assert.equal(ops.at(-1)?.op, 0);
  }
  for (const site of plan.sites) {
    assert.ok(site.plan === undefined || plan.plans[site.plan], 'plan of a site');
    assert.ok(site.probe === undefined || plan.probes[site.probe], 'probe of a site');
    assert.ok(plan.functionNames[site.function]);
    if (site.flags & siteFlag.stackCheck) assert.ok(site.emulated);
  }
  for (const type of plan.dynamicTypes) assert.ok(type.sizeBytes <= planLimits.imageBytes);
  for (const { fields } of plan.probes) {
    const sizes = fields?.map((capture) => capture.imageBytes) ?? [];
    assert.equal(new Set(sizes).size, sizes.length, 'captures of a probe must differ in size');
  }
  const places = plan.sites.map(({ vaddr, action, probe }) => `${vaddr} ${action} ${probe}`);
  assert.equal(new Set(places).size, places.length, 'two sites at one place');
}

/** A struct of the binary in fake memory, with those fields set: text, numbers, addresses. */
function put(
  memory: FakeMemory,
  type: GoType | undefined,
  values: Record<string, string | number | bigint | readonly [bigint, bigint]>,
): bigint {
  assert.ok(type);
  const image = Buffer.alloc(type.sizeBytes);
  for (const [path, value] of Object.entries(values)) {
    const place = fieldPath(type, path);
    assert.equal(place.unavailable, undefined);
    assert.equal(place.value?.hops.length, 0, path);
    const at = place.value?.at ?? 0;
    if (typeof value === 'string') {
      image.writeBigUInt64LE(memory.allocate(Buffer.from(value)), at);
      image.writeBigUInt64LE(BigInt(Buffer.byteLength(value)), at + 8);
    } else if (typeof value === 'object') {
      image.writeBigUInt64LE(value[0], at);
      image.writeBigUInt64LE(value[1], at + 8);
    } else if (place.value?.type.sizeBytes === 4) image.writeUInt32LE(Number(value), at);
    else image.writeBigUInt64LE(BigInt(value), at);
  }
  return memory.allocate(image);
}

const headers: Record<string, string> = {
  'User-Agent': 'curl/8',
  Traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'a=b',
};

function targetOf(memory: FakeMemory, registers: Record<number, bigint>, rest: Partial<Target> = {}): Target {
  const all = Array.from({ length: 31 }, (_, i) => registers[i] ?? 0n);
  return {
    registers: all,
    sp: 0n,
    read: (address, sizeBytes) => memory.read(address, sizeBytes),
    header(map, key) {
      const text = map === 0n ? undefined : headers[key];
      return text === undefined
        ? undefined
        : { address: memory.allocate(Buffer.from(text)), length: BigInt(text.length) };
    },
    ...rest,
  };
}

function contextOf(plan: ProbePlan): DecodeContext {
  const shapes = plan.dynamicTypes.map(dynamicValueShape);
  return { dynamicType: (id) => shapes[id], typeName: () => undefined, functionName: () => undefined };
}

function dynamicTypesOf(plan: ProbePlan) {
  return new Map(plan.dynamicTypes.map((type, id) => [type.typeVaddr, { ...type, id, ops: type.value.ops }]));
}

/** Runs the plan of the first site with that action and function, and reads the probe's fields. */
function runSite(plan: ProbePlan, functionName: RegExp, target: Target, saved: readonly bigint[] = []) {
  const site = plan.sites.find((s) => functionName.test(plan.functionNames[s.function] ?? ''));
  assert.ok(site?.plan !== undefined, `no site at ${functionName}`);
  const run = runPlan(plan.plans[site.plan]?.ops ?? [], target, {
    strings: plan.strings,
    saved,
    dynamicTypes: dynamicTypesOf(plan),
  });
  assert.equal(run.limited, false);
  const probe = plan.probes[site.probe ?? 0];
  const reader = new ChunkReader(run.bytes).start(0, run.bytes.length);
  // What is captured at entry is not sent.
  const capture = site.action === siteAction.finish ? captureOf(probe?.fields ?? [], reader) : undefined;
  const fields = capture === undefined ? new Map() : decodeFields(capture, reader, contextOf(plan));
  const values = Object.fromEntries([...fields].map(([name, value]) => [name, value.unavailable ?? value.value]));
  return { run, values, remaining: reader.remaining };
}

const amd64 = { ax: 0, cx: 1, bx: 3, di: 7 };

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
    assert.equal(plan.process.panic, 32);
    assert.equal(plan.process.panicFp, minor >= 26 ? 56 : 64);
    assert.equal(plan.process.mapKind, minor >= 24 ? mapKind.swiss : mapKind.buckets);
    assert.equal(plan.probes[0]?.flags, probeFlag.server | probeFlag.held);
    const perRequest = plan.sites.filter(({ action }) => action === siteAction.enter || action === siteAction.finish);
    for (const site of perRequest) assert.equal(site.why, 'stack check', plan.functionNames[site.function]);

    const memory = new FakeMemory();
    const url = put(memory, binary.runtimeType('net/url.URL'), { Path: '/items/1', RawQuery: 'q=1' });
    const pattern: Record<string, string | bigint> =
      minor >= 23
        ? { Pattern: 'GET /items/{id}' }
        : { pat: put(memory, binary.runtimeType('net/http.pattern'), { str: 'GET /items/{id}' }) };
    const request = put(memory, binary.runtimeType('net/http.Request'), {
      Method: 'GET',
      URL: url,
      Host: 'shop:80',
      RemoteAddr: '10.0.0.1:1',
      ProtoMajor: 1,
      ProtoMinor: 1,
      ContentLength: 5,
      Header: 0x77n,
      ...pattern,
    });
    const { run } = runSite(
      plan,
      /ServeHTTP$/,
      targetOf(memory, { [amd64.di]: request, [amd64.bx]: 1n, [amd64.cx]: 2n }),
    );
    assert.deepEqual(run.saved, [request, 1n, 2n]);
    assert.deepEqual(run.traceparents, [headers['Traceparent']]);

    const common = {
      method: 'GET',
      path: '/items/1',
      query: 'q=1',
      host: 'shop:80',
      peer: '10.0.0.1:1',
      protoMajor: 1,
      protoMinor: 1,
      contentLength: 5,
      pattern: 'GET /items/{id}',
      tls: false,
      userAgent: 'curl/8',
      tracestate: null,
      forwardedFor: null,
      forwardedProto: null,
    };
    const response = put(memory, binary.runtimeType('net/http.response'), { status: 404, written: 99 });
    const finished = runSite(plan, /finishRequest$/, targetOf(memory, { [amd64.ax]: response }), run.saved);
    assert.deepEqual(finished.values, { ...common, status: 404, written: 99 });
    assert.equal(finished.remaining, 0);

    const state = put(memory, binary.runtimeType('net/http.http2responseWriterState'), { status: 200, wroteBytes: 12 });
    const writer = put(memory, binary.runtimeType('net/http.http2responseWriter'), { rws: state });
    const overHttp2 = runSite(plan, /handlerDone$/, targetOf(memory, { [amd64.ax]: writer }), run.saved);
    assert.deepEqual(overHttp2.values, { ...common, status: 200, written: 12 });

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
    assert.equal(fields.get('path')?.value, '/items/1');
    assert.equal(fields.get('status')?.value, 404);
    assert.equal(fields.get('written')?.value, 99);
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
    const { run } = runSite(plan, /handleStream$/, targetOf(memory, { [amd64.di]: stream }, withContext));
    assert.equal(run.saved[0], stream);
    assert.deepEqual(run.traceparents, [headers['traceparent']]);

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
      tracestate: 'a=b',
      peer: '10.0.0.1:4711',
      code: 5,
      message: 'no such item',
    });
    const ok = runSite(plan, /http2Server\)\.[wW]riteStatus$/, targetOf(memory, { ...registers, [amd64.cx]: 0n }));
    assert.deepEqual(ok.values, {
      method: '/shop.Cart/Add',
      tracestate: null,
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
      for (const value of fields.values()) assert.notEqual(value.value === undefined, value.unavailable === undefined);
    }),
    { numRuns: 500 },
  );
});

test('functions by pattern, with what can not be traced and what matched nothing', slow, async () => {
  using binary = openGoBinary(await goTarget('values'));
  const plan = planOf(binary, 'main.takes*;main.divid;main.(*Order).ByPointer;runtime.memmove');
  checkPlan(plan);
  const names = plan.probes.map(({ description }) => description.functionName);
  assert.ok(names.includes('main.takesIntegers') && names.includes('main.(*Order).ByPointer'));
  assert.ok(!names.includes('main.takesNothing'));
  const reasons = new Map(plan.report.untraceable.map(({ functionName, reason }) => [functionName, reason]));
  assert.match(reasons.get('main.takesNothing') ?? '', /first instruction leaves it/);
  assert.match(reasons.get('runtime.memmove') ?? '', /assembly/);
  assert.deepEqual(
    plan.report.unmatched.map(({ pattern, nearest }) => [pattern, nearest[0]]),
    [['main.divid', 'main.divide']],
  );
  const presets = plan.report.presets.map(({ unavailable }) => unavailable);
  assert.match(presets[0] ?? '', /no net\/http\.serverHandler\.ServeHTTP/);
  const divide = planOf(binary, 'main.divide').probes[0];
  assert.equal(divide?.description.errorResult, 1);
  assert.match(divide?.description.source?.file ?? '', /functions\.go$/);
  assert.deepEqual(
    divide?.arguments?.values.map(({ name, shape }) => [name, shape.goType]),
    [
      ['a', 'int'],
      ['b', 'int'],
    ],
  );
});

test('a pattern that matches thousands is cut at the limit', slow, async () => {
  using binary = openGoBinary(await goTarget('httpserver'));
  const plan = planOf(binary, '*', 50);
  checkPlan(plan);
  assert.ok(plan.report.matched > 4000);
  assert.equal(plan.report.taken, 50);
});

test('a whole package: one set of sites for each function, plans within the limits', slow, async () => {
  using binary = openGoBinary(await goTarget('httpserver'));
  const plan = planOf(binary, 'net/http.*', 5000);
  checkPlan(plan);
  const functionProbes = plan.probes.filter(({ description }) => description.kind === 'function');
  assert.ok(functionProbes.length > 400);
  assert.ok(plan.plans.reduce((sum, { ops }) => sum + ops.length, 0) < planLimits.planOps / 2);
  for (const { signature, description } of functionProbes)
    assert.equal(signature?.unavailable, undefined, description.functionName);
});
