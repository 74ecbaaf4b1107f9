import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openGoBinary } from '../../../src/binary/open-go-binary.ts';
import { SiteFinder } from '../../../src/probe/code/site-finder.ts';
import { functionTypes } from '../../../src/probe/signature/function-types.ts';
import { goTarget } from '../../support/go-target.ts';

/** Debug information before Go 1.22 has no parameters without a name. */
for (const go of ['1.15', '1.21', '1.26']) {
  test(`parameters without a name shift none, Go ${go}`, { timeout: 300_000 }, async () => {
    const build = go === '1.26' ? { go } : { go, modfile: 'old.mod' };
    using binary = openGoBinary(await goTarget('httpserver', build));
    using finder = new SiteFinder(binary);
    const typesOf = (name: string) => {
      const [fn] = binary.functionsNamed(name).filter((each) => !each.isWrapper);
      assert.ok(fn, name);
      const { parameters, source } = functionTypes(binary, fn, finder.find(fn).value, undefined);
      return { source, places: parameters.map(({ name: own, pieces }) => `${own}:${JSON.stringify(pieces[0])}`) };
    };
    // func count(route string, status int)
    const named = typesOf('main.count');
    assert.equal(named.source, 'dwarf');
    const place = go === '1.15' ? '"stackOffset":24' : '"register":1';
    assert.ok(named.places[1]?.startsWith(`status:{${place}`), named.places.join());
    // func http2parsePingFrame(_ *http2frameCache, fh http2FrameHeader, …)
    const blank = typesOf('net/http.http2parsePingFrame');
    if (go === '1.15') {
      // On the stack the debug information says where `fh` lies, behind the pointer that it leaves out.
      assert.equal(blank.source, 'dwarf');
      assert.ok(blank.places[0]?.startsWith('fh:{"stackOffset":16'), blank.places.join());
      assert.deepEqual(blank.places.at(-1), ':undefined', blank.places.join());
    } else if (go === '1.26') {
      assert.equal(blank.source, 'dwarf');
      assert.ok(blank.places[1]?.startsWith('fh:{"register":3'), blank.places.join());
    } else {
      assert.notEqual(blank.source, 'dwarf');
      assert.ok(
        blank.places.every((place) => !place.startsWith('fh:')),
        blank.places.join(),
      );
    }
  });
}
