/** Makes a cell's executable. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { foreignProgram, unpackedProgram } from '../support/debian.ts';
import { goTarget } from '../support/go-target.ts';
import { cacheDirectory, goEnvironment, goToolchain } from '../support/go-toolchain.ts';
import type { MatrixBuild } from './builds.ts';

const run = promisify(execFile);
const garbleVersion = 'v0.16.0';
const plainFolder = join(import.meta.dirname, '..', 'targets', 'plain');

/** What a cell needs and this machine lacks. */
export function missingCommand({ needs }: MatrixBuild): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return needs.find((command) => !folders.some((folder) => existsSync(join(folder, command))));
}

/** @returns the executable's absolute path. */
export async function cellExecutable(go: string, { options, finish, profiled }: MatrixBuild): Promise<string> {
  if (finish === 'garbled') return garbled(go);
  const built = await goTarget('plain', profiled ? { ...options, go, pgo: await profile() } : { ...options, go });
  return finish === 'packed by UPX' ? packed(built) : built;
}

/** A CPU profile of the program itself, recorded once. */
async function profile(): Promise<string> {
  const executable = await goTarget('plain');
  const path = `${executable}.pgo`;
  if (!existsSync(path)) {
    await run(executable, ['-profile', `${path}.part`]);
    await rename(`${path}.part`, path);
  }
  return path;
}

async function packed(executable: string): Promise<string> {
  const folder = join(dirname(executable), 'packed');
  const path = join(folder, 'plain');
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  const [loader, ...args] = foreignProgram(await unpackedProgram('trixie', 'upx-ucl'), 'usr/bin/upx-ucl');
  await copyFile(executable, `${path}.part`);
  await run(loader, [...args, '-q', '-1', `${path}.part`]);
  await rename(`${path}.part`, path);
  return path;
}

/** Garble replaces sources in GOROOT, which Go refuses within the module cache: the release is copied out of it. */
async function garbled(go: string): Promise<string> {
  const toolchain = await goToolchain(go);
  const folder = join(cacheDirectory(), 'garble', `${garbleVersion}-${toolchain.version}`);
  const path = join(folder, 'plain');
  if (existsSync(path)) return path;
  const goroot = join(folder, 'go');
  await mkdir(folder, { recursive: true });
  if (!existsSync(goroot)) {
    await run('cp', ['-rL', toolchain.goroot, `${goroot}.part`]);
    await run('chmod', ['-R', 'u+w', `${goroot}.part`]);
    await rename(`${goroot}.part`, goroot);
  }
  const copy = { ...toolchain, goroot, go: join(goroot, 'bin', 'go') };
  const env = goEnvironment(copy, { GOBIN: folder, PATH: `${join(goroot, 'bin')}${delimiter}${process.env.PATH}` });
  await run(copy.go, ['install', `mvdan.cc/garble@${garbleVersion}`], { env, cwd: '/' });
  await run(join(folder, 'garble'), ['build', '-o', `${path}.part`, '.'], { env, cwd: plainFolder });
  await rename(`${path}.part`, path);
  return path;
}
