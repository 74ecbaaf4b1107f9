/**
 * Root file systems for guest kernels: a shell, and Node with the agent's packages on Debian trixie's libraries.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ArchiveEntry, folderEntries, writeArchive } from './cpio.ts';
import { type DebianArchitecture, hostArchitecture, unpackedPackages } from './debian.ts';
import { foreignPackages } from './foreign-packages.ts';
import { guestInit } from './guest.ts';

const repository = join(import.meta.dirname, '..', '..');

/** Where the repository's files are in the guest. */
export const guestRepository = '/sidespan';

/** What Node, koffi and libbpf link to. */
const libraryPackages = ['libc6', 'libstdc++6', 'libgcc-s1', 'libbpf1', 'libelf1t64', 'zlib1g', 'libzstd1'] as const;

/** busybox as the shell and all commands. */
export async function shellRoot(file: string, architecture: DebianArchitecture): Promise<void> {
  const unpacked = await unpackedPackages('trixie', ['busybox-static'], architecture);
  writeArchive(file, [
    { path: 'init', text: guestInit, executable: true },
    { path: 'bin/busybox', copyOf: join(unpacked, 'usr', 'bin', 'busybox') },
    { path: 'bin/sh', linkTo: 'busybox' },
  ]);
}

/**
 * The C library, libbpf, Node and the packages that the agent needs at run time.
 * @throws Error when the repository's packages are not installed.
 */
export async function nodeRoot(file: string, architecture: DebianArchitecture): Promise<void> {
  const libraries = await unpackedPackages('trixie', libraryPackages, architecture);
  const root = architecture === hostArchitecture ? repository : await foreignPackages(repository, architecture);
  const entries: ArchiveEntry[] = [
    { path: 'lib', linkTo: 'usr/lib' },
    { path: 'lib64', linkTo: 'usr/lib64' },
    { path: 'etc/passwd', text: 'root:x:0:0:root:/root:/bin/sh\n' },
    ...folderEntries(join(libraries, 'usr'), 'usr', (path) => !/(^|\/)(share|gconv|audit)$/.test(path)),
  ];
  for (const folder of productionPackages(root)) {
    entries.push(...folderEntries(join(root, folder), join('sidespan', folder), isNeededAtRunTime));
  }
  writeArchive(file, entries);
}

/**
 * The agent as the package has it.
 * @throws Error when it has not been built.
 */
export function agentRoot(file: string): void {
  if (!existsSync(join(repository, 'dist', 'main.js'))) throw new Error('the agent is not built. Run: npm run build');
  const parts = ['bin', 'dist', 'config', 'package.json'].filter((part) => existsSync(join(repository, part)));
  const entries: ArchiveEntry[] = [];
  for (const part of parts) {
    const source = join(repository, part);
    if (part.endsWith('.json')) entries.push({ path: `sidespan/${part}`, copyOf: source });
    else entries.push(...folderEntries(source, `sidespan/${part}`, (path) => !path.endsWith('.map')));
  }
  writeArchive(file, entries);
}

/** Folders of the packages that `npm ci --omit=dev` would install, as far as the root's platform has them. */
function productionPackages(root: string): string[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  const folders = Object.entries(lock.packages)
    .filter(([folder, entry]) => folder.startsWith('node_modules/') && !entry.dev && !entry.devOptional)
    .map(([folder]) => folder)
    // A package nested in another one's folder comes with that.
    .filter((folder) => folder.lastIndexOf('/node_modules/') < 0 && existsSync(join(root, folder)));
  if (!folders.includes('node_modules/koffi')) throw new Error('the packages are not installed. Run: npm ci');
  return folders;
}

/** Leaves out what only compilers, debuggers and bundlers read: two thirds of the files. */
function isNeededAtRunTime(path: string): boolean {
  return !/(\.map|\.d\.[cm]?ts|\.md|\.tsbuildinfo|(^|\/)build\/(esm|esnext))$/.test(path);
}
