import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { readProcessMemory } from '../../src/discovery/process-memory.ts';
import { readProcessStat } from '../../src/discovery/process-stat.ts';

const run = promisify(execFile);
const sources = join(import.meta.dirname, '..', '..', 'src', 'discovery');
const isRoot = process.getuid?.() === 0;

describe("another process's memory", () => {
  test('is what /proc/PID/environ shows of it', async () => {
    await using target = await sleeper({ OTEL_SERVICE_NAME: 'häuschen', PADDING: 'x'.repeat(9000) });
    const { start, end } = readProcessStat(target.pid).value?.environment ?? { start: 0, end: 0 };
    assert.deepEqual(
      readProcessMemory(target.pid, BigInt(start), end - start).value,
      readFileSync(`/proc/${target.pid}/environ`),
    );
    assert.ok(end - start > 9000);
  });

  test('what is not there says why', async () => {
    await using target = await sleeper({});
    assert.deepEqual(readProcessMemory(target.pid, 0n, 16), { absence: 'unreadable' });
    assert.deepEqual(readProcessMemory(2 ** 22 - 1, 4096n, 16), { absence: 'gone' });
  });

  const rootOnly = isRoot ? {} : { skip: 'only root can start a process of another user' };
  const withoutFileRights = ['--bounding-set', '-dac_override,-dac_read_search'];

  test("gives a sidecar's root the environment of another user's process", rootOnly, async () => {
    await using target = await sleeper({ OTEL_SERVICE_NAME: 'shop', SECRET: 's' }, 65534);
    const script = `
      import { readFileSync } from 'node:fs';
      import { targetEnvironment } from '${join(sources, 'environment.ts')}';
      let direct = 'readable';
      try { readFileSync('/proc/${target.pid}/environ'); } catch (error) { direct = error.code; }
      const { value } = targetEnvironment(${target.pid});
      console.log(JSON.stringify({ direct, variables: [...(value?.variables ?? [])] }));`;
    const node = [process.execPath, '--input-type=module', '--eval', script];
    const { stdout } = await run('setpriv', [...withoutFileRights, ...node]);
    assert.deepEqual(JSON.parse(stdout), { direct: 'EACCES', variables: [['OTEL_SERVICE_NAME', 'shop']] });
  });

  test('is refused without the right to trace', rootOnly, async () => {
    await using target = await sleeper({ OTEL_SERVICE_NAME: 'shop' }, 65534);
    const script = `
      import { targetEnvironment } from '${join(sources, 'environment.ts')}';
      console.log(JSON.stringify(targetEnvironment(${target.pid})));`;
    const node = [process.execPath, '--input-type=module', '--eval', script];
    const { stdout } = await run('setpriv', ['--bounding-set', `${withoutFileRights[1]},-sys_ptrace`, ...node]);
    assert.deepEqual(JSON.parse(stdout), { absence: 'no permission' });
  });
});

/** A process with that environment, ended when disposed. */
async function sleeper(env: NodeJS.ProcessEnv, uid?: number): Promise<AsyncDisposable & { readonly pid: number }> {
  const child = spawn('/bin/sleep', ['60'], { env, stdio: 'ignore', ...(uid === undefined ? {} : { uid, gid: uid }) });
  await once(child, 'spawn');
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
