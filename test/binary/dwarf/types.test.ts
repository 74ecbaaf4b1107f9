/** Types as the debug information has them, compared with what reflect says in the running program. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { openDwarf } from '../../../src/binary/dwarf/dwarf.ts';
import { ElfFile } from '../../../src/binary/elf-file.ts';
import type { GoType } from '../../../src/binary/go-type.ts';
import { allGoVersions, type GoTargetOptions, goTarget } from '../../support/go-target.ts';

/** test/targets/types/main.go: types refer to each other by index. */
interface Fact {
  /** Empty where it would spell out a struct, an interface or a function. */
  readonly Name: string;
  readonly Kind: string;
  readonly Size: number;
  readonly Align: number;
  readonly Elem?: number;
  readonly Key?: number;
  readonly Length?: number;
  readonly Fields?: readonly { Name: string; Offset: number; Type: number; Embedded: boolean }[];
  readonly HasMethods?: boolean;
}

const builds: readonly GoTargetOptions[] = [
  ...allGoVersions.map((go) => ({ go })),
  { go: '1.22', buildmode: 'pie' },
  { buildmode: 'pie' },
];

for (const options of builds) {
  describe(`types ${JSON.stringify(options)}`, () => {
    test('every type is as reflect describes it', async () => {
      const executable = await goTarget('types', options);
      const { stdout } = await promisify(execFile)(executable, { maxBuffer: 16 << 20 });
      // Within the arguments of generic types reflect has package paths as the linker writes them.
      const facts = JSON.parse(stdout.replaceAll('%2e', '.')) as Fact[];
      using elf = new ElfFile(executable);
      const dwarf = openDwarf(elf);
      const root = dwarf.type('main.Everything');
      assert.ok(root !== undefined);
      const compared = compareFrom(root, facts);
      assert.equal(compared, facts.length);
      for (const kind of [
        'bool',
        'int16',
        'complex64',
        'array',
        'chan',
        'func',
        'interface',
        'map',
        'unsafe.Pointer',
      ]) {
        assert.ok(
          facts.some((fact) => fact.Kind === kind),
          kind,
        );
      }
      for (const fact of facts) {
        if (fact.Name !== '') assert.equal(dwarf.type(fact.Name)?.name, fact.Name);
      }
    });

    test('types are found by name, in source spelling and the linker’s', async () => {
      using elf = new ElfFile(await goTarget('types', options));
      const dwarf = openDwarf(elf);
      for (const name of ['sidespan.test/types/dotted.v3.Item', 'sidespan.test/types/dotted%2ev3.Item']) {
        assert.deepEqual(
          dwarf.type(name)?.fields?.map((field) => field.name),
          ['Count', 'Next'],
        );
      }
      assert.equal(dwarf.type('main.Node')?.fields?.[2]?.type.elem, dwarf.type('main.Node'), 'the same object');
      assert.equal(dwarf.type('*main.Node')?.elem?.name, 'main.Node');
      assert.equal(dwarf.type('error')?.kind, 'interface');
      assert.equal(dwarf.type('runtime.g')?.fields?.find((field) => field.name === 'goid')?.type.name, 'uint64');
      assert.equal(dwarf.type('main.NoSuchType'), undefined);
      assert.equal(dwarf.type(''), undefined);
    });

    test('memory can be given back at any time', async () => {
      using elf = new ElfFile(await goTarget('types', options));
      const dwarf = openDwarf(elf);
      const type = dwarf.type('main.Everything');
      dwarf.release();
      assert.equal(type?.fields?.find((field) => field.name === 'Item')?.type.fields?.[1]?.name, 'Next');
      dwarf.release();
      assert.equal(dwarf.type('main.Pair[int,main.Text]')?.sizeBytes, 32);
    });
  });
}

/** Walks both graphs at the same time; returns how many different facts were met. */
function compareFrom(root: GoType, facts: readonly Fact[]): number {
  const todo: [type: GoType | undefined, index: number, path: string][] = [[root, 0, 'Everything']];
  const done = new Set<number>();
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [type, index, path] = next;
    const fact = facts[index];
    assert.ok(type !== undefined && fact !== undefined, path);
    if (done.has(index)) continue;
    done.add(index);
    if (fact.Name !== '') assert.equal(type.name, fact.Name, path);
    assert.deepEqual(
      [type.kind, type.sizeBytes, type.alignBytes, type.length, type.hasMethods],
      [fact.Kind, fact.Size, fact.Align, fact.Length, fact.HasMethods],
      path,
    );
    assert.deepEqual(
      type.fields?.map((field) => [field.name, field.offsetBytes, field.embedded]),
      fact.Kind === 'struct'
        ? (fact.Fields ?? []).map((field) => [field.Name, field.Offset, field.Embedded])
        : undefined,
      path,
    );
    for (const [at, field] of (fact.Fields ?? []).entries()) {
      todo.push([type.fields?.[at]?.type, field.Type, `${path}.${field.Name}`]);
    }
    if (fact.Elem === undefined) assert.equal(type.elem, undefined, path);
    else todo.push([type.elem, fact.Elem, `${path} elem`]);
    if (fact.Key === undefined) assert.equal(type.key, undefined, path);
    else todo.push([type.key, fact.Key, `${path} key`]);
  }
  return done.size;
}
