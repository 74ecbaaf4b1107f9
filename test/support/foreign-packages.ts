/** The agent's npm packages for another architecture than this machine's, in the cache. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DebianArchitecture } from './debian.ts';
import { exists } from './exists.ts';
import { cacheDirectory } from './go-toolchain.ts';

const run = promisify(execFile);

const npmCpu = { amd64: 'x64', arm64: 'arm64' } as const;

/**
 * Installs what the lock file names for running, with the platform packages of that architecture.
 * @param repository has the package.json and package-lock.json.
 * @returns a folder with `node_modules` in it; kept for later calls.
 * @throws Error with npm's output when it can't install them.
 */
export async function foreignPackages(repository: string, architecture: DebianArchitecture): Promise<string> {
  const files = ['package.json', 'package-lock.json'].map((name) => join(repository, name));
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file));
  const parent = join(cacheDirectory(), 'packages');
  const folder = join(parent, `${architecture}-${hash.digest('hex').slice(0, 12)}`);
  if (await exists(folder)) return folder;
  await mkdir(parent, { recursive: true });
  // The lock makes other test processes wait; the rename makes it all or nothing.
  const script = `
    set -e
    [ ! -e "$FOLDER" ] || exit 0
    rm -rf "$FOLDER.part"; mkdir "$FOLDER.part"; cp "$@" "$FOLDER.part"; cd "$FOLDER.part"
    npm ci --omit=dev --ignore-scripts --force --os=linux --cpu="$CPU" --prefer-offline --no-audit --no-fund --loglevel=error
    mv "$FOLDER.part" "$FOLDER"`;
  try {
    await run('flock', [join(parent, 'lock'), 'sh', '-c', script, 'sh', ...files], {
      env: { ...process.env, FOLDER: folder, CPU: npmCpu[architecture] },
    });
  } catch (cause) {
    const detail = (cause as { stderr?: string }).stderr?.trim() || String(cause);
    throw new Error(`npm can't install the packages for ${architecture}:\n${detail}`, { cause });
  }
  return folder;
}
