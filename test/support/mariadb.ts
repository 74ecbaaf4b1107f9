/** A MariaDB server of the test's own: Debian's packages, on a free port of this machine, as an unprivileged user. */
import { execFile } from 'node:child_process';
import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { freePort, unprivileged } from './postgres.ts';
import { eventually, start } from './running.ts';

const run = promisify(execFile);

export interface MariaDb {
  readonly port: number;
  /** For go-sql-driver/mysql. */
  readonly dsn: string;
  /** How many statements of each kind the server has run: `Com_insert` … */
  statementCounts(): Promise<Readonly<Record<string, number>>>;
}

/** Starts a server with one empty database, `shop`, that lets everybody in. It ends with the test. */
export async function startMariaDb(context: Pick<TestContext, 'after'>): Promise<MariaDb> {
  const user = await unprivileged();
  const folder = await mkdtemp(join(tmpdir(), 'sidespan-mariadb-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const data = join(folder, 'data');
  await mkdir(data);
  if (user !== undefined) for (const path of [folder, data]) await chown(path, user.uid, user.gid);
  const port = await freePort();
  const settings = [`--datadir=${data}`, `--socket=${join(folder, 'socket')}`, `--port=${port}`];
  // It has no tables of its own, and needs none.
  const open = ['--bind-address=127.0.0.1', '--skip-grant-tables', '--skip-log-bin'];
  const options = { ...user, cwd: folder, stdio: 'ignore' } as const;
  start(context, '/usr/sbin/mariadbd', ['--no-defaults', ...settings, ...open], options);

  async function query(sql: string): Promise<string[][]> {
    const connection = [
      '--no-defaults',
      '--host=127.0.0.1',
      `--port=${port}`,
      '--user=root',
      '--batch',
      '--skip-column-names',
    ];
    const { stdout } = await run('mariadb', [...connection, `--execute=${sql}`]);
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
  await query('CREATE DATABASE shop');
  return {
    port,
    dsn: `root:S3CR3T-password@tcp(127.0.0.1:${port})/shop`,
    async statementCounts() {
      const rows = await query("SHOW GLOBAL STATUS LIKE 'Com\\_%'");
      return Object.fromEntries(rows.map(([name = '', count]) => [name, Number(count)]));
    },
  };
}
