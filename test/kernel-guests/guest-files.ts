/** What every guest of the kernel tests finds in its root. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ArchiveEntry, writeArchive } from '../support/cpio.ts';
import { type DebianArchitecture, hostArchitecture } from '../support/debian.ts';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import { agentRoot, nodeRoot, shellRoot } from '../support/guest-root.ts';

/** Archives for all guests of one architecture in a test run. */
export interface GuestFiles extends AsyncDisposable {
  readonly architecture: DebianArchitecture;
  readonly archives: readonly string[];
  /** Where a test may put more. */
  readonly folder: string;
}

/** A program of test/targets, built in a way of its own. */
export interface GuestProgram {
  readonly name: string;
  readonly target: string;
  readonly build: GoTargetOptions;
}

/**
 * Makes the archives: shell, Node, agent, and programs of test/targets.
 * @param programs are at `/programs/NAME` then; just a name: of the target, built as Go builds by default.
 */
export async function guestFiles(
  architecture: DebianArchitecture,
  programs: readonly (string | GuestProgram)[],
): Promise<GuestFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'sidespan-kernels-'));
  const file = (name: string): string => join(folder, `${name}.cpio`);
  await shellRoot(file('shell'), architecture);
  await nodeRoot(file('node'), architecture);
  agentRoot(file('agent'));
  const foreign = architecture === hostArchitecture ? {} : { env: { GOARCH: architecture } };
  const entries: ArchiveEntry[] = [];
  for (const program of programs) {
    const { name, target, build } =
      typeof program === 'string' ? { name: program, target: program, build: {} } : program;
    entries.push({ path: `programs/${name}`, copyOf: await goTarget(target, { ...build, ...foreign }) });
  }
  writeArchive(file('programs'), entries);
  return {
    architecture,
    folder,
    archives: ['shell', 'node', 'agent', 'programs'].map(file),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
