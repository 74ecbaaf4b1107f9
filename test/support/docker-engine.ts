/**
 * A Docker engine for tests: the one that runs, else one of its own from Debian's packages.
 *
 * The own engine keeps its images in the cache and all else in a temporary folder, and takes with it what it made on
 * the machine: containers, mounts, its bridge and its firewall chains.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { unpackedPackages } from './debian.ts';
import { networkState, restoreNetwork } from './docker-network.ts';
import { cacheDirectory } from './go-toolchain.ts';

const run = promisify(execFile);

/** An engine that answers. */
export interface DockerEngine extends AsyncDisposable {
  /** Started here, so nothing can be pulled from anywhere and no one else sees what is built. */
  readonly own: boolean;
  /** For `docker` as a child process. */
  readonly env: NodeJS.ProcessEnv;
  /**
   * Runs the docker command.
   * @returns its standard output.
   * @throws DockerError with what it printed when it fails.
   */
  docker(args: readonly string[], options?: DockerOptions): Promise<string>;
}

export interface DockerOptions {
  readonly cwd?: string;
  /** Added to the engine's. */
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

/** No engine, or a docker command that failed. */
export class DockerError extends Error {
  override readonly name = 'DockerError';
}

const commandTimeoutMs = 600_000;
/** Of an engine's folder below the temporary one; the file in it says whose it is. */
const folderPrefix = 'sidespan-docker-';
const ownerFile = 'owner';
const startTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;
/** Enough for all layers of one build of everything; without a bound each changed source would add to it. */
const buildCacheKept = '6gb';
const packages = ['docker.io', 'docker-cli', 'containerd', 'docker-compose', 'docker-buildx', 'tini'] as const;

/** @throws DockerError, DebianError when none runs and none can be started. */
export async function dockerEngine(): Promise<DockerEngine> {
  const running = engineAt(process.env, false, async () => {});
  try {
    await running.docker(['version', '--format', '{{.Server.Version}}']);
    await running.docker(['compose', 'version']);
    await running.docker(['buildx', 'version']);
    return running;
  } catch {
    return startEngine();
  }
}

function engineAt(env: NodeJS.ProcessEnv, own: boolean, dispose: () => Promise<void>): DockerEngine {
  return {
    own,
    env,
    async docker(args, options = {}) {
      try {
        const { stdout } = await run('docker', args, {
          env: { ...env, ...options.env },
          cwd: options.cwd,
          timeout: options.timeoutMs ?? commandTimeoutMs,
          maxBuffer: 64 << 20,
        });
        return stdout;
      } catch (cause) {
        const { stderr = '', stdout = '' } = cause as { stderr?: string; stdout?: string };
        const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-60).join('\n');
        throw new DockerError(`docker ${args.join(' ')} failed:\n${said || String(cause)}`, { cause });
      }
    },
    [Symbol.asyncDispose]: dispose,
  };
}

async function startEngine(): Promise<DockerEngine> {
  if (process.getuid?.() !== 0) throw new DockerError('no Docker engine runs, and only root can start one');
  await run('iptables', ['--version']).catch((cause: unknown) => {
    throw new DockerError('no Docker engine runs, and to start one iptables is missing. Install: iptables', { cause });
  });
  const unpacked = await unpackedPackages('trixie', packages);
  const runc = await usableRunc();
  await sweep();
  const folder = await mkdtemp(join(tmpdir(), folderPrefix));
  await writeFile(join(folder, ownerFile), String(process.pid));
  const env = await engineEnvironment(folder, [join(unpacked, 'usr', 'bin'), join(unpacked, 'usr', 'sbin'), runc]);
  const before = await networkState();
  const data = join(cacheDirectory(), 'docker');
  await mkdir(data, { recursive: true });

  // setpriv: the engine ends with this process, however that ends. flock: one engine at a time on the same data; the
  // lock passes on to dockerd and to what it starts.
  const command = ['--pdeathsig', 'TERM', 'flock', '--no-fork', join(data, 'lock'), 'dockerd'];
  const child = spawn(
    'setpriv',
    [
      ...command,
      ...['--data-root', join(data, 'data'), '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid')],
      ...['--host', `unix://${join(folder, 'docker.sock')}`, '--log-level', 'warn'],
    ],
    { env, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = `${log}${text}`.slice(-8000);
  });
  const engine = engineAt(env, true, async () => {
    await removeContainers(engine).catch(() => {});
    await shrink(engine).catch(() => {});
    await stop(child, folder);
    await restoreNetwork(before);
  });
  try {
    await answering(engine, child);
    // What an earlier run that was killed may have left in the data.
    await removeContainers(engine);
    return engine;
  } catch (cause) {
    await engine[Symbol.asyncDispose]();
    throw new DockerError(`dockerd does not come up:\n${log.trim()}`, { cause });
  }
}

/** The newest runc that this machine's C library can run, as a folder for PATH. */
async function usableRunc(): Promise<string> {
  const tried: string[] = [];
  for (const suite of ['trixie', 'bookworm'] as const) {
    const folder = join(await unpackedPackages(suite, ['runc']), 'usr', 'sbin');
    try {
      await run(join(folder, 'runc'), ['--version']);
      return folder;
    } catch (cause) {
      tried.push(`${suite}: ${(cause as { stderr?: string }).stderr?.trim() || String(cause)}`);
    }
  }
  throw new DockerError(`no runc of Debian's runs here: ${tried.join('; ')}`);
}

async function engineEnvironment(folder: string, paths: readonly string[]): Promise<NodeJS.ProcessEnv> {
  const bin = join(folder, 'bin');
  const config = join(folder, 'config');
  await mkdir(bin);
  await mkdir(config);
  const [binaries = ''] = paths;
  // The package links docker-init to /usr/bin/tini, which is not there.
  await symlink(join(binaries, 'tini'), join(bin, 'docker-init'));
  await symlink(join(binaries, '..', 'libexec', 'docker', 'cli-plugins'), join(config, 'cli-plugins'));
  return {
    ...process.env,
    PATH: [bin, ...paths.toReversed(), process.env.PATH ?? ''].join(delimiter),
    DOCKER_HOST: `unix://${join(folder, 'docker.sock')}`,
    DOCKER_CONFIG: config,
    DOCKER_BUILDKIT: '1',
    BUILDX_NO_DEFAULT_ATTESTATIONS: '1',
  };
}

async function answering(engine: DockerEngine, child: ChildProcess): Promise<void> {
  const giveUp = performance.now() + startTimeoutMs;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new DockerError('it ended');
    try {
      await engine.docker(['version', '--format', '{{.Server.Version}}'], { timeoutMs: 10_000 });
      return;
    } catch (cause) {
      if (performance.now() > giveUp) throw cause;
      await sleep(200);
    }
  }
}

async function removeContainers(engine: DockerEngine): Promise<void> {
  const containers = (await engine.docker(['ps', '--all', '--quiet'])).split('\n').filter(Boolean);
  if (containers.length > 0) await engine.docker(['rm', '--force', '--volumes', ...containers]);
  await engine.docker(['network', 'prune', '--force']);
}

/** Lets go of what no later build can use: copies of build contexts, images that have lost their names. */
async function shrink(engine: DockerEngine): Promise<void> {
  await engine.docker(['image', 'prune', '--force']);
  await engine.docker(['builder', 'prune', '--force', '--filter', 'type=source.local']);
  await engine.docker(['builder', 'prune', '--force', '--keep-storage', buildCacheKept]);
}

/** Ends dockerd and what it started, unmounts what that left, removes the folder. */
async function stop(child: ChildProcess, folder: string): Promise<void> {
  const ended = child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, 'exit');
  child.kill('SIGTERM');
  const inTime = await Promise.race([ended.then(() => true), sleep(stopTimeoutMs, false, { ref: false })]);
  if (!inTime) {
    child.kill('SIGKILL');
    await ended;
  }
  await clear(folder);
}

/** Clears the folders of engines whose test was killed. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const folder = join(tmpdir(), name);
    const owner = name.startsWith(folderPrefix) ? await readFile(join(folder, ownerFile), 'utf8').catch(() => '') : '';
    if (owner !== '' && !existsSync(`/proc/${owner}`)) await clear(folder);
  }
}

async function clear(folder: string): Promise<void> {
  for (const pid of await processesUsing(folder)) process.kill(pid, 'SIGKILL');
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  const ours = mounts.split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const mount of ours.filter((path) => path.startsWith(`${folder}/`)).toReversed())
    await run('umount', ['-l', mount]);
  await rm(folder, { recursive: true, force: true });
}

/** containerd and its shims name the engine's own folder on their command lines. */
async function processesUsing(folder: string): Promise<number[]> {
  const pids: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const commandLine = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    const [program = ''] = commandLine.split('\0');
    if (/\/?(dockerd|containerd|containerd-shim[\w-]*|docker-proxy)$/.test(program) && commandLine.includes(folder)) {
      pids.push(Number(entry));
    }
  }
  return pids;
}
