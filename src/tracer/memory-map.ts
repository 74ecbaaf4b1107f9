import { readFileSync } from 'node:fs';
import type { GoBinary } from '../binary/go-binary.ts';
import { readProcessMemory } from '../discovery/process-memory.ts';
import type { PlannedSite } from '../probe/probe-plan.ts';
import { TracerError } from './tracer-error.ts';

/** A mapping of a file. */
interface FileMapping {
  readonly start: number;
  readonly end: number;
  readonly fileOffset: number;
}

/** More lines than any Go process has; a hostile one may make more. */
const maxMapsBytes = 8 << 20;

/** The mappings of a file, from /proc/PID/maps: `start-end perms offset dev inode path`. */
function mappingsOf(pid: number, identity: string): FileMapping[] {
  const inode = identity.slice(identity.indexOf(':') + 1);
  const text = readFileSync(`/proc/${pid}/maps`, 'utf8');
  if (text.length > maxMapsBytes) throw new TracerError(pid, 'its memory map is absurdly large', 'It is left alone.');
  const mappings: FileMapping[] = [];
  for (const line of text.split('\n')) {
    const [range, , offset, , lineInode] = line.split(/ +/, 5);
    // Overlay file systems give a mapping another device number than the file: the inode tells.
    if (range === undefined || offset === undefined || lineInode !== inode) continue;
    const [start, end] = range.split('-');
    mappings.push({
      start: Number.parseInt(start ?? '', 16),
      end: Number.parseInt(end ?? '', 16),
      fileOffset: Number.parseInt(offset, 16),
    });
  }
  return mappings;
}

/**
 * Running address minus linked address: 0 but for position-independent executables and modules.
 * @param identity of the file, device:inode
 * @throws TracerError if the process does not map its text
 */
export function loadBias(pid: number, identity: string, binary: GoBinary, textVaddr: number): number {
  if (!binary.positionIndependent) return 0;
  const fileOffset = binary.fileOffset(textVaddr);
  for (const { start, end, fileOffset: first } of mappingsOf(pid, identity)) {
    if (fileOffset >= first && fileOffset < first + (end - start)) return start + (fileOffset - first) - textVaddr;
  }
  throw new TracerError(pid, `${binary.path} is not mapped`, 'It has probably just ended.');
}

const breakpoint = 0xcc;

/**
 * Compares the running code with the file's at each site: what was unpacked or patched in memory is not what we planned
 * for. A breakpoint of another tracer is no difference: the kernel shares it.
 * @throws TracerError naming the first site that differs
 */
export function verifySites(pid: number, bias: number, binary: GoBinary, sites: readonly PlannedSite[]): void {
  for (const { vaddr } of sites) {
    // Not by /proc/PID/mem: only its owner may open that, and a sidecar's root is often another user.
    const { value, absence } = readProcessMemory(pid, BigInt(vaddr + bias), 1);
    if (absence === 'no permission') {
      throw new TracerError(
        pid,
        'its memory can not be read',
        'CAP_SYS_PTRACE is needed to verify the code before probing it.',
      );
    }
    const running = value?.[0];
    if (running === undefined) throw new TracerError(pid, 'its memory can not be read', 'It has probably just ended.');
    const [expected] = binary.read(vaddr, 1);
    if (running === expected || running === breakpoint) continue;
    const name = binary.functionAt(vaddr)?.name ?? `0x${vaddr.toString(16)}`;
    throw new TracerError(
      pid,
      `the code of ${name} in memory differs from the file (0x${running.toString(16)} instead of 0x${expected?.toString(16)})`,
      'It was packed or patched after the start and is left alone.',
    );
  }
}
