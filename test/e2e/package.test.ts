/** The package as npm would install it: bundled, with nothing of node_modules but what it depends on. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import manifest from '../../package.json' with { type: 'json' };
import { cleanEnvironment } from '../support/cli.ts';
import { goTarget } from '../support/go-target.ts';
import { startOtlpSink } from '../support/otlp-sink.ts';
import { exportTo, protocols, spansAtReceiver } from './exported.ts';
import { assertAllAnswered, sendLoad, startAgent, startServer } from './running-agent.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
let folder: string;
let sidespan: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sidespan-package-'));
  sidespan = join(folder, 'bin', 'sidespan');
  await run(join(root, 'scripts', 'build'), [join(folder, 'dist')]);
  await mkdir(join(folder, 'bin'));
  for (const file of ['package.json', 'bin/sidespan']) await copyFile(join(root, file), join(folder, file));
  await mkdir(join(folder, 'node_modules'));
  for (const name of [...Object.keys(manifest.dependencies), ...Object.keys(manifest.optionalDependencies)]) {
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
});
after(() => rm(folder, { recursive: true, force: true }));

const command = async (...args: string[]) => (await run(sidespan, args, { env: cleanEnvironment() })).stdout;

for (const protocol of protocols) {
  test(`it traces and exports over OTLP ${protocol}, and serves its page`, async (context) => {
    await using sink = await startOtlpSink();
    const server = await startServer(context, await goTarget('httpserver'));
    const settings = { SIDESPAN_TARGET_PID: `${server.pid}`, SIDESPAN_FUNCTIONS: 'main.Greeting' };
    const agent = startAgent(context, { ...settings, ...exportTo(sink, protocol) }, [sidespan]);
    await agent.untilAttached(server.pid);
    assertAllAnswered(await sendLoad(context, server.address, ['/greet/guest'], 100), 100);
    await spansAtReceiver(sink, 200);
    const viewer = await agent.viewer();
    for (const file of ['', 'boot.js', 'main.js', 'uplot.js', 'uplot.css', 'icon.svg', 'api/traces']) {
      assert.equal((await fetch(`${viewer}/${file}`)).status, 200, file);
    }
    assert.equal((await agent.stop()).code, 0, agent.log());
    assert.doesNotMatch(agent.log(), /warning|error/i);
  });
}

test('its other commands find what they need', async () => {
  assert.match(await command('version'), new RegExp(`^sidespan ${manifest.version}`));
  const rows = JSON.parse(await command('functions', '--json', '--exe', await goTarget('httpserver'), 'main.Greeting'));
  assert.match(JSON.stringify(rows), /main\.Greeting/);
  assert.match(await command('config'), /defaults/);
  assert.match(await command('doctor'), /BPF programs load/);
  assert.match(await command('completion', 'bash'), /sidespan/);
});

test('it carries the BPF programs of both architectures', async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: folder });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const objects = await Promise.all(
    ['amd64', 'arm64'].map((architecture) => {
      const path = `dist/bpf/sidespan.${architecture}.bpf.o`;
      assert.ok(
        files.some((file) => file.path === path),
        `${path} is not packed`,
      );
      return readFile(join(folder, path));
    }),
  );
  const bpfMachine = 247;
  for (const object of objects) assert.equal(object.readUInt16LE(18), bpfMachine);
  assert.notDeepEqual(objects[0], objects[1]);
});
