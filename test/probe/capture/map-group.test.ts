import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GoBinary } from '../../../src/binary/go-binary.ts';
import { openGoBinary } from '../../../src/binary/open-go-binary.ts';
import { composedGroup } from '../../../src/probe/capture/map-group.ts';
import { mapParts } from '../../../src/probe/capture/map-parts.ts';
import { type GoTargetOptions, goTarget } from '../../support/go-target.ts';

// Buckets; groups whose keys and values lie in pairs; all keys before all values.
const builds: readonly GoTargetOptions[] = [{ go: '1.15', modfile: 'old.mod' }, { go: '1.26' }, { go: '1.27' }];

/** Of fields of the types that have a name. */
function mapNames(binary: GoBinary): Set<string> {
  const names = new Set<string>();
  for (const name of binary.runtimeTypeNames()) {
    for (const { type } of binary.runtimeType(name)?.fields ?? []) if (type.kind === 'map') names.add(type.name);
  }
  return names;
}

for (const build of builds) {
  test(`groups are composed as the program's own are, ${JSON.stringify(build)}`, { timeout: 300_000 }, async () => {
    using binary = openGoBinary(await goTarget('httpserver', build));
    let compared = 0;
    for (const name of mapNames(binary)) {
      const type = binary.runtimeType(name);
      const own = type && mapParts(binary, type);
      if (type?.group === undefined || own === undefined) continue;
      const group = composedGroup(binary, type);
      assert.equal(group?.sizeBytes, type.group.sizeBytes, name);
      const composed = mapParts(binary, { ...type, name: 'of a shape', group });
      assert.deepEqual(composed?.layout, own.layout, name);
      assert.deepEqual([composed?.key.kind, composed?.value.kind], [own.key.kind, own.value.kind], name);
      compared += 1;
    }
    assert.ok(compared >= 10, String(compared));
  });
}
