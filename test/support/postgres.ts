/** A PostgreSQL server of the test's own: Debian's packages, on a free port of this machine, as an unprivileged user. */
import { execFile } from 'node:child_process';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { eventually, start } from './running.ts';

const run = promisify(execFile);

export interface Postgres {
  readonly port: number;
  /** For lib/pq and pgx. */
  readonly dsn: string;
  /** Runs a statement as the superuser; its rows, each a list of texts. */
  query(sql: string): Promise<string[][]>;
}

/** Debian puts each release into a folder of its own, and none of them on PATH. */
const folders = '/usr/lib/postgresql';

/** Starts a server that counts statements (pg_stat_statements). It ends with the test. */
export async function startPostgres(context: Pick<TestContext, 'after'>): Promise<Postgres> {
  const releases = await readdir(folders).catch(() => []);
  const release = releases.sort((a, b) => Number(a) - Number(b)).at(-1);
  if (release === undefined) throw new Error(`no PostgreSQL in ${folders}. Run: scripts/setup test`);
  const program = (name: string) => join(folders, release, 'bin', name);
  const user = await unprivileged();
  const folder = await mkdtemp(join(tmpdir(), 'sidespan-postgres-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const options = { ...user, cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' } };
  await run(program('initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8'], options);
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    shared_preload_libraries: 'pg_stat_statements',
    fsync: 'off',
    max_connections: '50',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // Its own processes end with it.
  start(context, program('postgres'), ['-D', data, '-p', String(port), ...args], { ...options, stdio: 'ignore' });

  async function query(sql: string): Promise<string[][]> {
    const connection = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-X', '-A', '-t', '-F', '\t'];
    const { stdout } = await run(program('psql'), [...connection, '-v', 'ON_ERROR_STOP=1', '-c', sql], options);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t'));
  }

  await eventually(
    () => query('SELECT 1').catch(() => []),
    (rows) => rows.length === 1,
    60_000,
  );
  await query('CREATE EXTENSION pg_stat_statements');
  return {
    port,
    dsn: `postgres://postgres:S3CR3T-password@127.0.0.1:${port}/postgres?sslmode=disable`,
    query,
  };
}

/** Servers that refuse to be run by root are run by nobody. */
export async function unprivileged(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const id = async (flag: string) => Number((await run('id', [flag, 'nobody'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

/** A TCP port of this machine that nobody has now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
