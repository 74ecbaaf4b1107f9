import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseModuleText } from '../../src/binary/build-info.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { goTarget } from '../support/go-target.ts';
import { build, everyBuild, versionLines } from './go-tools.ts';

for (const [go, variant] of everyBuild) {
  test(`Go ${go} ${variant}: build information is what "go version -m" prints`, async () => {
    const { path } = await build(go, variant);
    using binary = openGoBinary(path);
    const { goVersion, module, dependencies, settings } = binary.buildInfo;
    const lines = [
      `${path}: ${goVersion}`,
      `\tpath\t${binary.buildInfo.path}`,
      `\tmod\t${module.path}\t${module.version}\t`,
    ];
    assert.deepEqual(
      dependencies.map(({ path }) => path),
      binary.buildInfo.path.endsWith('/plain') ? [] : ['sidespan.test/gate'],
    );
    for (const [key, value] of settings) lines.push(`\tbuild\t${key}=${value.includes(' ') ? `"${value}"` : value}`);
    const printed = (await versionLines(path)).filter((line) => !/^\t((dep|=>)\t.*)?$/.test(line));
    assert.deepEqual(lines, printed);
    assert.match(binary.buildId, go < '1.24' ? /^[\w/-]{80,}$/ : /^[0-9a-f]{40}$/, 'a GNU build id since Go 1.24');
    assert.equal(binary.positionIndependent, variant.endsWith('pie'));
    assert.equal(binary.hasSymbols, !variant.startsWith('stripped'));
    assert.equal(binary.hasDwarf, variant === 'default' || variant === 'pie');
  });
}

for (const go of ['1.15', '1.17']) {
  test(`Go ${go}: a program that was built without modules has its version only`, async () => {
    const path = await goTarget('plain', { go, env: { GO111MODULE: 'off' } });
    using binary = openGoBinary(path);
    const { goVersion, module, dependencies } = binary.buildInfo;
    assert.deepEqual(await versionLines(path), [`${path}: ${goVersion}`]);
    assert.deepEqual([module, dependencies], [{ path: '', version: '' }, []]);
    assert.ok(binary.functionsNamed('main.main').length === 1);
  });
}

test('a program with modules lists them with their versions', async () => {
  const path = await goTarget('grpcserver');
  using binary = openGoBinary(path);
  const printed = (await versionLines(path)).filter((line) => line.startsWith('\tdep\tgoogle.golang.org'));
  const found = binary.buildInfo.dependencies.filter(({ path }) => path.startsWith('google.golang.org'));
  assert.ok(found.some(({ path, version }) => path === 'google.golang.org/grpc' && /^v1\.\d+\.\d+$/.test(version)));
  assert.deepEqual(
    found.map(({ path, version }) => `${path}\t${version}`),
    printed.map((line) => line.split('\t').slice(2, 4).join('\t')),
  );
});

test("a replaced module keeps its path and takes the replacement's version", () => {
  const { dependencies, module } = parseModuleText(
    'path\tx\nmod\tx\t(devel)\t\ndep\ta\tv1.0.0\n=>\tfork.example/a\tv1.2.0\th1:\ndep\tb\tv1.1.0\n=>\t../b\t\t\ndep\tc\tv3.0.0\th1:\n',
  );
  assert.deepEqual(module, { path: 'x', version: '(devel)' });
  assert.deepEqual(dependencies, [
    { path: 'a', version: 'v1.2.0' },
    { path: 'b', version: 'v1.1.0' },
    { path: 'c', version: 'v3.0.0' },
  ]);
});

test('quoted settings are unquoted', () => {
  const text =
    'build\t-ldflags="-X \\"main.v=a\\tb\\" \\u00e9 \\x41"\nbuild\t"a b"=`c d`\nbuild\tA=\nbuild\tB\nnonsense\n';
  const { settings } = parseModuleText(text);
  assert.deepEqual(
    [...settings],
    [
      ['-ldflags', '-X "main.v=a\tb" é A'],
      ['a b', 'c d'],
      ['A', ''],
    ],
  );
});
