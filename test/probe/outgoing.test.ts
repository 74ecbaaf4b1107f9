/** Where headers are written into requests, planned from real binaries. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { allOutgoing } from '../../src/probe/outgoing/all-outgoing.ts';
import { planProbes } from '../../src/probe/plan-probes.ts';
import { allPresets } from '../../src/probe/preset/presets.ts';
import { siteAction } from '../../src/probe/wire.ts';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';

async function planned(target: string, options: GoTargetOptions, outgoing = allOutgoing) {
  using binary = openGoBinary(await goTarget(target, options));
  const { value: plan, unavailable } = planProbes(binary, { patterns: [], presets: allPresets, outgoing });
  assert.ok(plan, unavailable);
  const written = plan.sites.filter((site) => site.outgoing !== undefined);
  const names = Object.fromEntries(Object.entries(siteAction).map(([name, number]) => [number, name]));
  return {
    sites: written.map(({ function: fn, action }) => `${names[action]} ${plan.functionNames[fn]?.split('/').at(-1)}`),
    missing: plan.report.presets.filter(
      ({ name, unavailable: why, isAbsent }) => / requests$/.test(name) && why !== undefined && !isAbsent,
    ),
    emulated: written.every(({ emulated }) => emulated),
    places: written.map(({ outgoing: places }) => places),
  };
}

const http1 = ['pass http.(*persistConn).roundTrip', 'writeLine http.Header.writeSubset'];

for (const [build, prefix, roundTrip] of [
  [{ go: '1.19', ldflags: '-s -w' }, 'http.(*http2', 'RoundTrip'],
  [{ go: '1.23', buildmode: 'pie', ldflags: '-s -w' }, 'http.(*http2', 'roundTrip'],
  [{ go: '1.27' }, 'http2.(*', 'roundTrip'],
] as const) {
  test(`net/http, ${JSON.stringify(build)}`, async () => {
    const { sites, missing, emulated, places } = await planned('chain', build);
    assert.deepEqual(missing, []);
    assert.deepEqual(sites, [
      ...http1,
      `pass ${prefix}ClientConn).${roundTrip}`,
      `passOn ${prefix}clientStream).encodeAndWriteHeaders`,
      `writeBlock ${prefix}Framer).WriteHeaders`,
    ]);
    assert.equal(emulated, true);
    // The same in all releases (go-layouts of net/http and bufio).
    assert.deepEqual(places[0]?.key?.at, [112], 'persistConn.bw');
    assert.deepEqual(places[0]?.headers?.at, [0, 56], 'transportRequest.Request.Header');
    assert.deepEqual(places[1]?.writer, { buffer: 16, written: 40, error: 0 });
    assert.equal(places[4]?.parameterAt, 8);
  });
}

test('arm64: HTTP/1.1 only, and why', async () => {
  const { sites, missing } = await planned('chain', { go: '1.27', env: { GOARCH: 'arm64' } });
  assert.deepEqual(sites, http1);
  assert.match(
    missing.map(({ unavailable }) => unavailable).join(),
    /WriteHeaders: the block of headers is in registers/,
  );
});

test('nothing of it unless it is asked for', async () => {
  const { sites } = await planned('chain', { go: '1.27' }, []);
  assert.deepEqual(sites, []);
});
