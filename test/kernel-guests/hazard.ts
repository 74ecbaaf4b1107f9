/**
 * The agent with its BPF programs compiled without protection against preemption, to show what the protection is for.
 *
 * Since Linux 6.13 the x86 JIT gives a program that needs 64 bytes of stack or more one stack per CPU, and uprobe
 * programs can be preempted by each other: two on one CPU overwrite each other's keys and values.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeArchive } from '../support/cpio.ts';

const run = promisify(execFile);
const repository = join(import.meta.dirname, '..', '..');

/**
 * @param folder for what is made.
 * @returns an archive that replaces the agent's BPF object in a guest.
 */
export async function agentWithoutCure(folder: string): Promise<string> {
  const object = join(folder, 'sidespan-without-cure.bpf.o');
  const source = join(repository, 'bpf', 'sidespan.bpf.c');
  // As scripts/build-bpf compiles it.
  const flags = ['-O2', '-g', '-target', 'bpf', '-mcpu=v3', '-std=gnu11', '-D__TARGET_ARCH_x86'];
  const headers = ['-I/usr/include', '-idirafter', '/usr/include/x86_64-linux-gnu'];
  await run('clang', [...flags, '-DWITHOUT_PREEMPT_DISABLE', ...headers, '-c', source, '-o', object]);
  const archive = join(folder, 'without-cure.cpio');
  writeArchive(archive, [{ path: 'sidespan/dist/bpf/sidespan.amd64.bpf.o', copyOf: object }]);
  return archive;
}
