/**
 * The agent on arm64: Node, libbpf and the BPF programs of that architecture trace Go programs of it.
 *
 * Fewer requests than on the other kernels: instructions of another architecture are emulated slowly.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { compareFloats, floatPatterns } from '../kernel/compare-floats.ts';
import { compareValues, valueArguments, valueFunctions } from '../kernel/compare-values.ts';
import { discrepancies } from './counts.ts';
import { type GuestFiles, guestFiles } from './guest-files.ts';
import { guestCalls } from './traced-calls.ts';
import { loadPrograms, tracedFunctions, tracedLoad } from './traced-load.ts';

const guest = { suite: 'trixie', cpus: 2 } as const;
const requests = 2000;
const connections = 8;
const grpcCalls = 300;
/** Position-independent, stripped, and both. */
const programs = [
  ...loadPrograms,
  'values',
  'floats',
  { name: 'grpcserver', target: 'grpcserver', build: { buildmode: 'pie', ldflags: '-s -w' } },
  { name: 'grpcload', target: 'grpcserver/grpcload', build: {} },
  { name: 'values-pie', target: 'values', build: { buildmode: 'pie' } },
  { name: 'panics', target: 'panics', build: { ldflags: '-s -w' } },
] as const;

describe("Debian's kernel for arm64", () => {
  let files: GuestFiles;

  before(async () => {
    files = await guestFiles('arm64', programs);
  });
  after(() => files?.[Symbol.asyncDispose]());

  test(`trixie's 6.12 on arm64: every call of ${requests} requests and of ${grpcCalls} of gRPC, each with its end`, async () => {
    const load = await tracedLoad(files, { ...guest, requests, connections, grpcCalls });
    assert.match(load.release, /^6\.12\..*arm64$/);
    assert.ok(load.counts, `no counts; the agent ended with ${load.agentCode}:\n${load.agentLog}`);
    const found = discrepancies(load.counts.server, load.counts.agent, tracedFunctions);
    assert.deepEqual(found, [], load.agentLog);
    const { calls, agent } = load.counts.grpc ?? assert.fail(load.agentLog);
    assert.equal(calls, grpcCalls);
    const rpc = agent.probes.find(({ kind }) => kind === 'rpc.server');
    assert.deepEqual([rpc?.seen, rpc?.exported, rpc?.dropped], [calls, calls, {}], load.agentLog);
    // Stack checks and RETs: the kernel simulates all branches. runtime.fatalpanic has no stack check, and is called once.
    const [, sites, emulated] = /, (\d+) sites \((\d+) at emulated instructions\)/.exec(load.agentLog) ?? [];
    assert.equal(Number(emulated), Number(sites) - 1, load.agentLog);
    assert.equal(load.agentCode, 0);
    assert.equal(load.doctor.code, 0, load.doctor.text);
  });

  test("trixie's 6.12 on arm64: arguments and results of every kind, calls that end by a panic", async () => {
    const [values, pie, floats, panics] = await guestCalls(files, guest, [
      { name: 'values', programArguments: valueArguments, patterns: valueFunctions },
      { name: 'values-pie', programArguments: valueArguments, patterns: valueFunctions },
      { name: 'floats', programArguments: [], patterns: floatPatterns({}) },
      { name: 'panics', programArguments: ['-rounds', '2', '-now'], patterns: ['main.*'] },
    ]);
    for (const traced of [values, pie]) {
      assert.equal(traced?.code, 0, traced?.stderr);
      compareValues(traced.calls, traced.stderr);
    }

    assert.equal(floats?.code, 0, floats?.stderr);
    compareFloats(floats.calls, {}, floats.stderr);

    assert.equal(panics?.code, 0, panics?.stderr);
    const endsOf = (name: string) => [
      ...new Set(panics.calls.filter(({ funcName }) => funcName === name).map(({ ended }) => ended ?? 'returned')),
    ];
    assert.deepEqual(endsOf('main.explode'), ['panic'], panics.stderr);
    assert.deepEqual(endsOf('main.descend'), ['panic']);
    assert.deepEqual(endsOf('main.leave'), ['goexit']);
    assert.deepEqual(endsOf('main.recoverFrom'), ['returned']);
  });
});
