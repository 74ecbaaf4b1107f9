import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ElfFile } from '../../src/binary/elf-file.ts';
import { Image } from '../../src/binary/image.ts';
import { findModuleData } from '../../src/binary/module-data.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { TypeReader } from '../../src/binary/type-descriptor.ts';
import { likelyString, typeName } from '../../src/binary/type-name.ts';
import { walkTypes } from '../../src/binary/type-walk.ts';
import { goTarget } from '../support/go-target.ts';

test('the likely string of a type has package names for paths', () => {
  for (const [name, text] of [
    ['int', 'int'],
    ['main.Order', 'main.Order'],
    ['net/http.Request', 'http.Request'],
    ['*github.com/acme/shop.Order', '*shop.Order'],
    ['**net/url.URL', '**url.URL'],
    ['example.com/mod/v2.T', 'mod.T'],
    ['gopkg.in/yaml.v3.Node', 'yaml.Node'],
    ['[]net/http.Header', '[]http.Header'],
    ['[4]*time.Location', '[4]*time.Location'],
    ['map[net/netip.Addr]*net/http.Cookie', 'map[netip.Addr]*http.Cookie'],
    ['map[net/http.key][]*net/http.Cookie', 'map[http.key][]*http.Cookie'],
    ['<-chan example.com/a-b/c.T', '<-chan c.T'],
    ['func(context.Context, ...net/http.Header) error', 'func(context.Context, ...net/http.Header) error'],
    ['sync/atomic.Pointer[net/http.response]', 'atomic.Pointer[net/http.response]'],
    ['*internal/sync.node[interface {},interface {}]', '*sync.node[interface {},interface {}]'],
    ['', ''],
    ['.', '.'],
  ] as const) {
    if (!name.includes('...')) assert.equal(likelyString(name), text);
    else assert.doesNotThrow(() => likelyString(name));
  }
});

test('every type of a program is found by its name', async () => {
  const path = await goTarget('httpserver', { ldflags: '-s -w' });
  using binary = openGoBinary(path);
  using elf = new ElfFile(path);
  const image = new Image(elf);
  const module = findModuleData(elf, image, binary.buildInfo.goVersion);
  assert.ok(module.types !== undefined);
  const types = new TypeReader(image, module.types);
  const names = new Set([...walkTypes(types)].map(({ vaddr }) => typeName(types, vaddr)));
  assert.ok(names.size > 3000);
  // Backwards, so that those which only an index of all finds are asked for before there is one.
  for (const name of [...names].reverse()) assert.equal(binary.runtimeType(name)?.name, name);
  for (const name of ['*net/http.Request', 'net/http.Header', 'map[string][]string', 'unsafe.Pointer', 'error']) {
    assert.ok(names.has(name), name);
  }
});
