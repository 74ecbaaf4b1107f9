/** A Redis server of the test's own: Debian's package, unpacked, on a free port of this machine, as an unprivileged user. */
import { chown, cp, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { foreignProgram, unpackedProgram } from './debian.ts';
import { freePort, unprivileged } from './postgres.ts';
import { eventually, start } from './running.ts';

export interface Redis {
  /** `127.0.0.1:41234` */
  readonly address: string;
  /** How often the server has run each command: `get`, `set` … */
  commandCounts(): Promise<Readonly<Record<string, number>>>;
}

/** It ends with the test. */
export async function startRedis(context: Pick<TestContext, 'after'>): Promise<Redis> {
  const unpacked = await unpackedProgram('trixie', 'redis-server');
  const folder = await mkdtemp(join(tmpdir(), 'sidespan-redis-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  // Others than its owner may not look into the cache.
  for (const part of ['usr/bin', 'usr/lib', 'usr/lib64']) {
    await cp(join(unpacked, part), join(folder, part), { recursive: true, verbatimSymlinks: true });
  }
  const [loader, ...program] = foreignProgram(folder, 'usr/bin/redis-server');
  const user = await unprivileged();
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  start(context, loader, [...program, ...args], { ...user, cwd: folder, stdio: 'ignore' });
  await eventually(
    () => ask(port, 'PING').catch(() => ''),
    (answer) => answer.includes('PONG'),
  );
  return {
    address: `127.0.0.1:${port}`,
    async commandCounts() {
      const lines = (await ask(port, 'INFO commandstats')).matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g);
      return Object.fromEntries(Array.from(lines, ([, name = '', calls]) => [name, Number(calls)]));
    },
  };
}

/** One command, and what is answered until the server closes. */
function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\nQUIT\r\n`));
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    socket.on('error', reject).on('close', () => resolve(answer));
  });
}
