/**
 * SIDESPAN_PROPAGATION=write: one trace through a chain of services of different Go releases, and no corrupt request. Every
 * service compares each request with what was sent, and counts which headers it had.
 *
 * CHAIN_REQUESTS sends more of them than a usual run, CHAIN_CONNECTIONS at the same time. With CHAIN_RATIO below 1 only that share of the traces is kept, of
 * which each must be one of the known shapes; headers are written into all requests.
 */
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { hostArchitecture } from '../support/debian.ts';
import { type GuestFiles, guestFiles } from './guest-files.ts';
import { type ChainCounts, type TracedChain, tracedChain } from './traced-chain.ts';
import { tracedServices } from './traced-services.ts';

/** A multiple of the eight kinds that test/targets/chain sends in turn. */
const requests = Number(process.env.CHAIN_REQUESTS ?? 400);
const share = requests / 8;
const connections = Number(process.env.CHAIN_CONNECTIONS ?? 8);
const ratio = Number(process.env.CHAIN_RATIO ?? 1);
const cpus = 2;
/** A guest without hardware virtualisation does some 25 requests a second; each leaves five lines of spans in its memory. */
const size = { timeoutMs: 300_000 + 150 * requests, memoryMB: 2048 + Math.ceil(requests / 50) };

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);

/** What a run of many requests is for. */
function say(t: TestContext, { counts, summary, shapes, seconds }: TracedChain): void {
  t.diagnostic(
    JSON.stringify({
      seconds,
      counts,
      shapes,
      headers: summary?.probes.map(({ process, headers }) => ({ process, headers })),
    }),
  );
}

function assertIntact(chain: TracedChain, sent = requests): readonly [ChainCounts, ChainCounts, ChainCounts] {
  assert.ok(chain.counts, `the agent ended with ${chain.agentCode}:\n${chain.agentLog}`);
  const [shop, cart, payments] = chain.counts;
  assert.ok(shop && cart && payments);
  for (const { name, corrupt, wrong, requests: received } of [shop, cart, payments]) {
    assert.deepEqual({ name, corrupt, wrong, received }, { name, corrupt: 0, wrong: {}, received: sent });
  }
  // What the driver sends, and asks for the counts with, is nobody's call.
  assert.equal(sum(shop.without) + sum(shop.own), sent);
  assert.equal(chain.summary?.balanced, true);
  assert.equal(chain.agentCode, 0, chain.agentLog);
  return [shop, cart, payments];
}

/** Every request of the service's client is in the ledger, by what the next service received. */
function assertCounted({ summary, agentLog }: TracedChain, service: string, received: ChainCounts): void {
  const probe = summary?.probes.find(
    ({ kind, process }) => kind === 'http.client' && process.startsWith(`${service} `),
  );
  const { present = 0, no_room = 0, unsearched = 0, written: whole = 0, ...rest } = probe?.headers ?? {};
  const { written_without_tracestate: stateless = 0, ...others } = rest;
  const written = whole + stateless;
  // One more asks the next service for its counts, with a header or without.
  const asked = written + no_room + unsearched - sum(received.with) - sum(received.without);
  // A page may be away for a moment: the kernel puts small ones together. Of 100,000 requests it was one.
  assert.ok(unsearched <= requests / 10_000, JSON.stringify(probe?.headers));
  assert.equal(asked, 1, `${service}: ${JSON.stringify(probe?.headers)} ${JSON.stringify(received)}\n${agentLog}`);
  assert.ok(written - sum(received.with) <= 1 && written >= sum(received.with), JSON.stringify(received));
  assert.deepEqual({ present, others }, { present: sum(received.own), others: {} });
}

describe('headers written into requests', () => {
  let files: GuestFiles;

  before(async () => {
    const chain = (name: string, build: object) => ({ name, target: 'chain', build });
    files = await guestFiles(hostArchitecture, [
      chain('chain-shop', { go: '1.27' }),
      chain('chain-cart', { go: '1.23', buildmode: 'pie', ldflags: '-s -w' }),
      chain('chain-payments', { go: '1.19', ldflags: '-s -w' }),
      chain('drive', {}),
      { name: 'rpc-server', target: 'grpcserver', build: {} },
      { name: 'rpc-new', target: 'grpcserver/grpcload', build: { ldflags: '-s -w' } },
      { name: 'rpc-old', target: 'grpcserver/grpcload', build: { go: '1.22', modfile: 'grpc-1.40.1.mod' } },
    ]);
  });
  after(() => files?.[Symbol.asyncDispose]());

  test(`HTTP/1.1, on 6.1: ${requests} requests through three services`, async (t) => {
    const chain = await tracedChain(files, {
      suite: 'bookworm',
      cpus,
      ...size,
      requests,
      connections,
      ratio,
      by: 'http',
    });
    say(t, chain);
    const [, cart, payments] = assertIntact(chain);
    for (const received of [cart, payments]) {
      assert.deepEqual(received.with, { get: 2 * share, post: 2 * share, wide: share });
      assert.deepEqual(received.own, { own: share, lower: share });
      assert.deepEqual(received.without, { long: share });
    }
    assertCounted(chain, 'shop', cart);
    assertCounted(chain, 'cart', payments);
    const shapes = {
      'shop server > shop client > cart server > cart client > payments server': 5 * share,
      'shop server > shop client': 3 * share,
      'own > cart server > cart client': 2 * share,
      'own > payments server': 2 * share,
      'cart server > cart client': share,
      'payments server': share,
    };
    if (ratio === 1) assert.deepEqual(chain.shapes, shapes, chain.agentLog);
    else assert.deepEqual(Object.keys(chain.shapes).sort(), Object.keys(shapes).sort(), chain.agentLog);
  });

  test(`HTTP/2, on 7.x: ${requests} requests through three services`, async (t) => {
    const chain = await tracedChain(files, {
      suite: 'trixie-backports',
      cpus,
      ...size,
      requests,
      connections,
      ratio,
      by: 'http2',
    });
    say(t, chain);
    const [, cart, payments] = assertIntact(chain);
    for (const received of [cart, payments]) {
      assert.deepEqual(received.protocol, { 'HTTP/2.0': requests });
      assert.deepEqual(received.own, { own: share, lower: share });
      // Room there is behind most blocks, not behind all.
      assert.ok(sum(received.with) > 0, JSON.stringify(received));
    }
    assertCounted(chain, 'shop', cart);
    assertCounted(chain, 'cart', payments);
    assert.equal(Object.keys(chain.shapes).filter((shape) => shape.startsWith('lost')).length, 0);
  });

  /** Of a small chain: enough for each kind with a tracestate and without. */
  const few = 80;
  const fewShare = few / 8;
  const fewRequests = { suite: 'bookworm', cpus, ...size, requests: few, connections: 4 } as const;
  const state = 'congo=t61rcWkgMzE,ot=rv:6e6d1a75832a2f';
  // Nearly all; what begins here says so.
  const almostAll = 0.999_999_999;
  const ownState = 'ot=th:00000004';

  test('B3 by HTTP/1.1, on 6.1', async (t) => {
    const chain = await tracedChain(files, { ...fewRequests, ratio: 1, by: 'http', formats: 'b3' });
    say(t, chain);
    const [, cart, payments] = assertIntact(chain, few);
    for (const received of [cart, payments]) {
      // It is shorter than a traceparent: for some of the long requests there is room.
      const { long = 0, ...others } = received.with;
      assert.deepEqual(others, { get: 2 * fewShare, post: 2 * fewShare, wide: fewShare });
      assert.equal(long + (received.without.long ?? 0), fewShare);
      assert.deepEqual(received.own, { own: fewShare, lower: fewShare });
      assert.deepEqual(received.state, { '': few });
    }
    assertCounted(chain, 'shop', cart);
    assertCounted(chain, 'cart', payments);
    const whole = chain.shapes['shop server > shop client > cart server > cart client > payments server'] ?? 0;
    assert.ok(whole >= 5 * fewShare, JSON.stringify(chain.shapes));
  });

  test('two formats and a tracestate by HTTP/1.1, on 6.1', async (t) => {
    // The one named last is what a service goes on with: B3 has no tracestate.
    const formats = 'b3multi,tracecontext';
    const chain = await tracedChain(files, { ...fewRequests, ratio: almostAll, by: 'http', formats, state });
    say(t, chain);
    const [shop, cart, payments] = assertIntact(chain, few);
    assert.deepEqual(shop.state, { [state]: few / 2, '': few / 2 });
    for (const received of [cart, payments]) {
      assert.deepEqual(received.with, { get: 2 * fewShare, post: 2 * fewShare, wide: fewShare });
      // With what is written, half of it of traces that came; the program's own requests and the long ones have none.
      assert.deepEqual(received.state, { [state]: 2.5 * fewShare, [ownState]: 2.5 * fewShare, '': 3 * fewShare });
    }
    assertCounted(chain, 'shop', cart);
    assertCounted(chain, 'cart', payments);
  });

  test('two formats, and a tracestate that is changed, by HTTP/2, on 6.1', async (t) => {
    // What came is decided once more, by each service.
    const [formats, sampler] = ['b3,tracecontext', 'traceidratio'];
    const chain = await tracedChain(files, { ...fewRequests, ratio: almostAll, sampler, by: 'http2', formats, state });
    const changed = `${ownState};rv:6e6d1a75832a2f,congo=t61rcWkgMzE`;
    say(t, chain);
    const [, cart, payments] = assertIntact(chain, few);
    for (const received of [cart, payments]) {
      assert.ok(sum(received.with) > 0, JSON.stringify(received));
      // Where there is room for the headers but not for it, it is left out.
      const { [changed]: passedOn = 0, [ownState]: own = 0, '': none, ...others } = received.state;
      assert.deepEqual(others, {});
      assert.ok(passedOn > 0 && own > 0 && passedOn + own <= sum(received.with), JSON.stringify(received));
    }
    assertCounted(chain, 'shop', cart);
    assertCounted(chain, 'cart', payments);
  });

  test('gRPC, on 6.12: 1.40 and the newest: unary calls and streams', async () => {
    const calls = requests / 4;
    const clients = ['old', 'new'] as const;
    const kinds = 'ok,notfound,download,upload,chat,unknown';
    const traced = await tracedServices(
      files,
      { suite: 'trixie', cpus, ...size },
      {
        start: [
          `OTEL_SERVICE_NAME=server /programs/rpc-server -port 8081 >/tmp/server.log &
    wait_for $! 'grep -q listening /tmp/server.log' || exit 90`,
          ...clients.map(
            (name) => `mkfifo /tmp/${name}; sleep 600 >/tmp/${name} &
    OTEL_SERVICE_NAME=${name} /programs/rpc-${name} -wait -target 127.0.0.1:8081 -n ${calls} -c 4 -kinds ${kinds} </tmp/${name} >/tmp/${name}.json &
    wait_for $! 'grep -q ready /tmp/${name}.json' || exit 92`,
          ),
        ],
        exe: '/programs/rpc-*',
        spans: 2 * clients.length * calls,
        processes: 3,
        drive: clients
          .map(
            (name) => `echo >/tmp/${name}
    wait_for $agent 'grep -q durationNs /tmp/${name}.json'; tail -1 /tmp/${name}.json | show ${name}`,
          )
          .join('\n    '),
      },
    );
    assert.ok(traced.summary, traced.agentLog);
    assert.equal(traced.summary.balanced, true);
    const { probes } = traced.summary;
    const outcomes = clients.map(
      (name) =>
        probes.find(({ kind, process }) => kind === 'rpc.client' && process.startsWith(`${name} `))?.headers ?? {},
    );
    const written = outcomes.reduce((all, { written: count = 0 }) => all + count, 0);
    const noRoom = outcomes.reduce((all, { no_room: count = 0 }) => all + count, 0);
    assert.equal(written + noRoom, clients.length * calls, JSON.stringify(outcomes));
    // What each connection's first block is too long for, later ones, of which HPACK knows most, are not.
    assert.ok(written > 0.9 * clients.length * calls, JSON.stringify(outcomes));
    for (const name of clients) {
      const { sent, methods } = JSON.parse(traced.part(name) ?? '{}') as {
        readonly sent: number;
        readonly methods: Readonly<Record<string, Readonly<Record<string, number>>>>;
      };
      assert.equal(sent, calls);
      const answers = new Set(Object.values(methods).flatMap((counts) => Object.keys(counts)));
      assert.deepEqual([...answers].sort(), ['NotFound', 'OK', 'Unimplemented'], traced.part(name));
    }
    assert.deepEqual(traced.shapes, {
      ...Object.fromEntries(
        clients.flatMap((name, n) => {
          const { written: with_ = 0, no_room = 0 } = outcomes[n] ?? {};
          return [[`${name} client > server server`, with_], ...(no_room > 0 ? [[`${name} client`, no_room]] : [])];
        }),
      ),
      ...(noRoom > 0 ? { 'server server': noRoom } : {}),
    });
  });
});
