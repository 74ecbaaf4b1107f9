/** What every guest of the kernel tests finds in its root. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ArchiveEntry, writeArchive } from '../support/cpio.ts';
import { type DebianArchitecture, hostArchitecture } from '../support/debian.ts';
import { goTarget } from '../support/go-target.ts';
import { agentRoot, nodeRoot, shellRoot } from '../support/guest-root.ts';

/** Archives for all guests of one architecture in a test run. */
export interface GuestFiles extends AsyncDisposable {
  readonly architecture: DebianArchitecture;
  readonly archives: readonly string[];
  /** Where a test may put more. */
  readonly folder: string;
}

/**
 * Makes the archives: shell, Node, agent, and programs of test/targets.
 * @param programs are at `/programs/NAME` then.
 */
export async function guestFiles(architecture: DebianArchitecture, programs: readonly string[]): Promise<GuestFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'sidespan-kernels-'));
  const file = (name: string): string => join(folder, `${name}.cpio`);
  await shellRoot(file('shell'), architecture);
  await nodeRoot(file('node'), architecture);
  agentRoot(file('agent'));
  const build = architecture === hostArchitecture ? {} : { env: { GOARCH: architecture } };
  const entries: ArchiveEntry[] = [];
  for (const name of programs) entries.push({ path: `programs/${name}`, copyOf: await goTarget(name, build) });
  writeArchive(file('programs'), entries);
  return {
    architecture,
    folder,
    archives: ['shell', 'node', 'agent', 'programs'].map(file),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
