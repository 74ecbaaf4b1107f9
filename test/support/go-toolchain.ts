/**
 * Go toolchains for tests: the installed one and, on request, other releases.
 *
 * Every release of Go is also published as a version of the Go module `golang.org/toolchain`, so whichever `go` is
 * installed can fetch any other with `go mod download`. The files arrive without execute permission.
 */
import { execFile } from 'node:child_process';
import { access, constants, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Minor releases that every capability is tested with, oldest first. */
export const allGoVersions = ['1.22', '1.23', '1.24', '1.25', '1.26'] as const;

/** Older and newer ones, which the reader of binaries and the matrix are tested with. Fetched when first asked for. */
export const oldGoVersions = ['1.15', '1.16', '1.17', '1.18', '1.19', '1.20', '1.21'] as const;
export const everyGoVersion = [...oldGoVersions, ...allGoVersions, '1.27'] as const;

/** The patch release that stands for a minor one. Tests that need another name it in full ('1.26.8'). */
const patchReleases: Readonly<Record<string, string>> = {
  '1.15': '1.15.15',
  '1.16': '1.16.15',
  '1.17': '1.17.13',
  '1.18': '1.18.8',
  '1.19': '1.19.4',
  '1.20': '1.20.14',
  '1.21': '1.21.13',
  '1.22': '1.22.12',
  '1.23': '1.23.12',
  '1.24': '1.24.13',
  '1.25': '1.25.14',
  '1.26': '1.26.11',
  '1.27': '1.27.4',
};

/** Below this the installed `go` can't build the newest grpc-go, which is what targets have unless they say otherwise. */
const oldestLocalMinor = 26;

/** A Go installation. */
export interface GoToolchain {
  /** Value for the environment variable GOROOT. */
  readonly goroot: string;
  /** Absolute path of the `go` command. */
  readonly go: string;
  /** As `go env GOVERSION` says, e.g. 'go1.26.11'. */
  readonly version: string;
}

/** No usable Go installation, or a release that can't be fetched. */
export class GoToolchainError extends Error {
  override readonly name = 'GoToolchainError';
}

/** Where builds and downloads of the tests are kept, outside the checkout. */
export function cacheDirectory(): string {
  return process.env.SIDESPAN_CACHE || join(homedir(), '.cache', 'sidespan');
}

/** The environment of a `go` command: nothing from the user's settings that changes what is built. */
export function goEnvironment(toolchain: GoToolchain, extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return {
    ...process.env,
    GOROOT: toolchain.goroot,
    GOTOOLCHAIN: 'local',
    // Settings of the user's may hold flags that old releases reject.
    ...(minorOf(toolchain) < 18 ? { GOENV: 'off', GOFLAGS: '' } : { GOFLAGS: '-buildvcs=false' }),
    GOWORK: 'off',
    // A host with a C compiler would otherwise build `net` with cgo and one without would not.
    CGO_ENABLED: '0',
    ...extra,
  };
}

/** 26 of a Go 1.26. */
export function minorOf({ version }: Pick<GoToolchain, 'version'>): number {
  return Number(/^go1\.(\d+)/.exec(version)?.[1] ?? Number.NaN);
}

let local: Promise<GoToolchain> | undefined;
const fetched = new Map<string, Promise<GoToolchain>>();

/**
 * The toolchain of a Go release, fetched into Go's module cache when it isn't there.
 * @param version '1.24' (the patch release that stands for it) or in full ('1.24.13'); none: the installed one.
 * @throws GoToolchainError when no Go is installed or the release can't be had.
 */
export function goToolchain(version?: string): Promise<GoToolchain> {
  if (version === undefined) {
    local ??= findLocal();
    return local;
  }
  const release = patchReleases[version] ?? version;
  let pending = fetched.get(release);
  if (!pending) {
    pending = fetchRelease(release);
    fetched.set(release, pending);
  }
  return pending;
}

async function findLocal(): Promise<GoToolchain> {
  const onPath = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder.length > 0);
  // The last one is where `scripts/setup` puts a toolchain when the distribution's own is too old.
  const folders = [...onPath, '/usr/local/go/bin', join(cacheDirectory(), 'go', 'bin')];
  const rejected: string[] = [];
  for (const folder of folders) {
    const go = join(folder, 'go');
    if (!(await isExecutable(go))) continue;
    const { stdout } = await run(go, ['env', 'GOROOT', 'GOVERSION'], {
      env: { ...process.env, GOTOOLCHAIN: 'local', GOROOT: '' },
    });
    const [goroot = '', reported = ''] = stdout.split('\n');
    if (minorOf({ version: reported }) >= oldestLocalMinor) return { goroot, go, version: reported };
    rejected.push(`${go} is ${reported || 'of an unknown version'}`);
  }
  const why = rejected.length > 0 ? `: ${rejected.join(', ')}` : '';
  throw new GoToolchainError(
    `no Go toolchain of 1.${oldestLocalMinor} or newer on PATH or in /usr/local/go${why}. Run: scripts/setup test`,
  );
}

async function fetchRelease(release: string): Promise<GoToolchain> {
  const installed = await goToolchain();
  if (installed.version === `go${release}`) return installed;
  const module = `golang.org/toolchain@v0.0.1-go${release}.linux-${goArchitecture()}`;
  const locks = join(cacheDirectory(), 'locks');
  await mkdir(locks, { recursive: true });
  // flock(1): several test processes may want the same release, and the lock ends with its holder however it ends.
  const script = `
    set -e
    folder=$("$GO" mod download -json "$MODULE" | sed -n 's/^[[:space:]]*"Dir": "\\(.*\\)",*$/\\1/p')
    [ -n "$folder" ]
    [ -x "$folder/bin/go" ] && [ -x "$folder/pkg/tool/linux_$ARCH/link" ] || chmod -R u+x "$folder/bin" "$folder/pkg/tool"
    printf '%s' "$folder"`;
  try {
    const { stdout: goroot } = await run('flock', [join(locks, `toolchain-${release}`), 'sh', '-c', script], {
      cwd: '/',
      env: goEnvironment(installed, { GO: installed.go, MODULE: module, ARCH: goArchitecture() }),
    });
    return { goroot, go: join(goroot, 'bin', 'go'), version: `go${release}` };
  } catch (cause) {
    const detail = (cause as { stderr?: string }).stderr?.trim() || String(cause);
    throw new GoToolchainError(`Go ${release} can't be fetched as ${module}: ${detail}`, { cause });
  }
}

function goArchitecture(): string {
  return process.arch === 'arm64' ? 'arm64' : 'amd64';
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
