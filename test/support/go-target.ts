/**
 * Go programs for tests: builds `test/targets/<program>` with a chosen toolchain and flags, once.
 *
 * The result is kept by a hash of everything that determines it (sources, toolchain, options), so a second call,
 * also one by another test process or on another day, costs only the hashing.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { exists } from './exists.ts';
import { cacheDirectory, goEnvironment, goToolchain } from './go-toolchain.ts';

export { allGoVersions, goToolchain } from './go-toolchain.ts';

const run = promisify(execFile);
const targetsFolder = join(import.meta.dirname, '..', 'targets');

/** How to build a target; what is left out is the Go default. */
export interface GoTargetOptions {
  /** Go release, '1.15' to '1.27' or in full ('1.26.8'); left out: the installed toolchain. */
  readonly go?: string;
  /** For the linker, e.g. '-s -w'. */
  readonly ldflags?: string;
  /** For the compiler, e.g. 'all=-N -l'. */
  readonly gcflags?: string;
  /** e.g. 'pie'. */
  readonly buildmode?: string;
  readonly tags?: string;
  /** Another module file of the program's folder, e.g. 'grpc-1.60.1.mod'. */
  readonly modfile?: string;
  readonly trimpath?: boolean;
  /** Needs cgo: `env: { CGO_ENABLED: '1' }`. */
  readonly race?: boolean;
  /** Path of a CPU profile; Go 1.20 and later. */
  readonly pgo?: string;
  /** Added to the build's environment, e.g. `{ GOARCH: 'arm64' }`. CGO_ENABLED is '0' unless given here. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A target that doesn't build. */
export class GoTargetError extends Error {
  override readonly name = 'GoTargetError';
}

/**
 * Builds a target program.
 * @param program a folder of `test/targets` with a Go module, or 'folder/command' for a command within it.
 * @returns the absolute path of the executable, whose base name is the program's.
 * @throws GoTargetError with the compiler's output; GoToolchainError when the toolchain can't be had.
 */
export async function goTarget(program: string, options: GoTargetOptions = {}): Promise<string> {
  const [folderName = program, command = ''] = program.split('/');
  const moduleFolder = join(targetsFolder, folderName);
  const name = command || folderName;
  const toolchain = await goToolchain(options.go);
  const key = await hashOf(moduleFolder, [toolchain.version, command, canonical(options)]);
  const folder = join(cacheDirectory(), 'targets', `${name}-${key}`);
  const executable = join(folder, name);
  if (await exists(executable)) return executable;

  await mkdir(folder, { recursive: true });
  // The lock makes other test processes wait for this build instead of repeating it; the rename makes it all or nothing.
  const script = '[ -e "$OUT" ] || { "$@" -o "$OUT.part" "$PACKAGE" && mv "$OUT.part" "$OUT"; }';
  const build = [toolchain.go, 'build', ...buildFlags(options)];
  try {
    await run('flock', [join(folder, 'lock'), 'sh', '-c', script, 'sh', ...build], {
      cwd: moduleFolder,
      maxBuffer: 16 << 20,
      env: goEnvironment(toolchain, {
        ...options.env,
        OUT: executable,
        PACKAGE: command ? `./${command}` : '.',
      }),
    });
  } catch (cause) {
    const detail = (cause as { stderr?: string }).stderr?.trim() || String(cause);
    throw new GoTargetError(`${program} with ${toolchain.version} ${canonical(options)} doesn't build:\n${detail}`, {
      cause,
    });
  }
  return executable;
}

function buildFlags(options: GoTargetOptions): string[] {
  const flags: string[] = [];
  if (options.ldflags) flags.push(`-ldflags=${options.ldflags}`);
  if (options.gcflags) flags.push(`-gcflags=${options.gcflags}`);
  if (options.buildmode) flags.push(`-buildmode=${options.buildmode}`);
  if (options.tags) flags.push(`-tags=${options.tags}`);
  if (options.modfile) flags.push(`-modfile=${options.modfile}`);
  if (options.trimpath) flags.push('-trimpath');
  if (options.race) flags.push('-race');
  if (options.pgo) flags.push(`-pgo=${options.pgo}`);
  return flags;
}

/** The options as text in which the order of keys makes no difference. */
function canonical(options: GoTargetOptions): string {
  const env = Object.entries(options.env ?? {}).sort();
  return JSON.stringify(Object.entries({ ...options, env, go: undefined }).sort());
}

/** Of the module's files and those of the neighbour modules that its module files name in `replace` lines. */
async function hashOf(moduleFolder: string, settings: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  const folders = [moduleFolder];
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.sort()) {
      const content = await readFile(file);
      hash.update(`\0${relative(targetsFolder, file)}\0`).update(content);
      if (!file.endsWith('.mod')) continue;
      for (const [, path = ''] of content.toString().matchAll(/=> (\.\.?\/\S+)/g)) {
        const neighbour = join(folder, path);
        if (!folders.includes(neighbour)) folders.push(neighbour);
      }
    }
  }
  return hash.digest('hex').slice(0, 16);
}
