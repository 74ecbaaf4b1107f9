import type { ViewerStatus } from '../../src/web/status.ts';

/** What an agent that traces the shop says of itself. */
export const shopStatus: ViewerStatus = {
  agent: { version: '0.1.0', uptimeSeconds: 754, cpuFraction: 0.012, rssBytes: 84_300_000, hits: 1_204_551 },
  ledger: [
    row('gateway (4711)', 'net/http.(*conn).serve', {
      kind: 'http.server',
      seen: 48_210,
      exported: 48_190,
      inFlight: 20,
    }),
    row('gateway (4711)', 'main.(*shop).placeOrder', {
      seen: 16_870,
      exported: 16_865,
      inFlight: 5,
      enteredBeforeAttach: 2,
    }),
    row('gateway (4711)', 'main.charge', { seen: 16_868, exported: 16_860, inFlight: 8 }),
    row('gateway (4711)', 'main.(*catalog).search', {
      seen: 4_802,
      exported: 4_702,
      dropped: { 'ring full': 88, 'queue full': 12 },
    }),
    row('inventory (4712)', 'google.golang.org/grpc.(*Server).handleStream', {
      kind: 'rpc.server',
      seen: 16_870,
      exported: 12_000,
      sampledOut: 4_870,
    }),
    row('inventory (4712)', 'main.(*stock).take', { seen: 16_870, exported: 12_000, sampledOut: 4_870 }),
  ],
  attachments: [
    {
      pid: 4711,
      service: 'gateway',
      exePath: '/usr/local/bin/gateway',
      goVersion: 'go1.26.8',
      buildMode: 'exe',
      symbols: true,
      dwarf: true,
      functionCount: 11_872,
      attached: [
        {
          functionName: 'net/http.(*conn).serve',
          kind: 'http.server',
          entrySite: 'stack check jbe',
          exits: 1,
          file: '/usr/local/go/src/net/http/server.go',
          line: 1921,
        },
        {
          functionName: 'main.(*shop).placeOrder',
          kind: 'function',
          entrySite: 'stack check jbe',
          exits: 4,
          file: '/src/shop/gateway/main.go',
          line: 102,
        },
        {
          functionName: 'main.charge',
          kind: 'function',
          entrySite: 'stack check jbe',
          exits: 3,
          file: '/src/shop/gateway/main.go',
          line: 131,
        },
        {
          functionName: 'main.(*catalog).find',
          kind: 'function',
          entrySite: 'stack check jbe',
          exits: 2,
          file: '/src/shop/gateway/main.go',
          line: 41,
        },
        {
          functionName: 'main.(*catalog).search',
          kind: 'function',
          entrySite: 'first instruction',
          exits: 2,
          file: '/src/shop/gateway/main.go',
          line: 77,
        },
      ],
      notAttached: [
        { functionName: 'main.cents', reason: 'inlined everywhere: no code of its own' },
        { functionName: 'main.crc32', reason: 'assembly without a Go prologue' },
      ],
    },
    {
      pid: 4712,
      service: 'inventory',
      exePath: '/usr/local/bin/inventory',
      goVersion: 'go1.26.8',
      buildMode: 'pie',
      symbols: false,
      dwarf: false,
      functionCount: 14_031,
      attached: [
        {
          functionName: 'google.golang.org/grpc.(*Server).handleStream',
          kind: 'rpc.server',
          entrySite: 'stack check jbe',
          exits: 1,
        },
        { functionName: 'main.(*stock).take', kind: 'function', entrySite: 'stack check jbe', exits: 2 },
      ],
      notAttached: [],
    },
  ],
};

function row(
  process: string,
  probe: string,
  figures: Partial<ViewerStatus['ledger'][number]>,
): ViewerStatus['ledger'][number] {
  return {
    process,
    probe,
    kind: 'function',
    seen: 0,
    exported: 0,
    sampledOut: 0,
    dropped: {},
    inFlight: 0,
    enteredBeforeAttach: 0,
    ...figures,
  };
}
