/** What an agent leaves in the kernel and in a traced process: nothing, when it has ended. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { eventually } from '../support/running.ts';

/** Ids of BPF links and programs. */
export interface KernelObjects {
  readonly links: readonly number[];
  readonly programs: readonly number[];
}

/** What a process holds open of BPF, by /proc/PID/fdinfo. */
export function heldBy(pid: number): KernelObjects {
  const links = new Set<number>();
  const programs = new Set<number>();
  for (const name of readdirSync(`/proc/${pid}/fdinfo`)) {
    let info: string;
    try {
      info = readFileSync(`/proc/${pid}/fdinfo/${name}`, 'utf8');
    } catch {
      continue; // closed meanwhile
    }
    const id = (key: string) => new RegExp(`^${key}:\\s*(\\d+)$`, 'm').exec(info)?.[1];
    const [link, program] = [id('link_id'), id('prog_id')];
    if (link !== undefined) links.add(Number(link));
    if (program !== undefined) programs.add(Number(program));
  }
  return { links: [...links], programs: [...programs] };
}

/** Of these, which the kernel still has. */
function stillThere({ links, programs }: KernelObjects): KernelObjects {
  const ids = (kind: string): Set<number> => {
    const list = JSON.parse(execFileSync('bpftool', ['-j', kind, 'show'], { encoding: 'utf8' })) as { id: number }[];
    return new Set(list.map(({ id }) => id));
  };
  const [knownLinks, knownPrograms] = [ids('link'), ids('prog')];
  return {
    links: links.filter((id) => knownLinks.has(id)),
    programs: programs.filter((id) => knownPrograms.has(id)),
  };
}

/** The kernel frees programs some time after the last holder is gone: hence the patience, and none beyond it. */
export async function assertReleased(objects: KernelObjects): Promise<void> {
  await eventually(
    () => stillThere(objects),
    ({ links, programs }) => links.length === 0 && programs.length === 0,
    10_000,
  );
}

/** Places at which the executable's code in memory differs from the file, as hexadecimal file offsets; at most 20. */
export function changedCode(pid: number): string[] {
  const exe = `/proc/${pid}/exe`;
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const file = openSync(exe, 'r');
  try {
    const differences: string[] = [];
    for (const { start, end, fileOffset } of codeMappings(pid)) {
      const running = Buffer.alloc(end - start);
      const expected = Buffer.alloc(end - start);
      assert.equal(readSync(memory, running, 0, running.length, start), running.length);
      // The last page is filled up with zeros.
      readSync(file, expected, 0, expected.length, fileOffset);
      if (running.equals(expected)) continue;
      for (let at = 0; at < running.length && differences.length < 20; at++) {
        if (running[at] !== expected[at]) {
          differences.push(
            `0x${(fileOffset + at).toString(16)}: ${expected[at]?.toString(16)} -> ${running[at]?.toString(16)}`,
          );
        }
      }
    }
    return differences;
  } finally {
    closeSync(memory);
    closeSync(file);
  }
}

function codeMappings(pid: number): { start: number; end: number; fileOffset: number }[] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  const first = lines[0]?.split(/ +/);
  const mappings = lines.flatMap((line) => {
    const [range = '', permissions, offset = '', , inode] = line.split(/ +/);
    if (permissions !== 'r-xp' || inode !== first?.[4]) return [];
    const [start = '', end = ''] = range.split('-');
    return [{ start: parseInt(start, 16), end: parseInt(end, 16), fileOffset: parseInt(offset, 16) }];
  });
  assert.notEqual(mappings.length, 0, `process ${pid} maps no code of its executable`);
  return mappings;
}

/** Waits until no breakpoint is left; the kernel takes them out shortly after the last holder of the link is gone. */
export async function assertCodeUntouched(pid: number): Promise<void> {
  await eventually(
    () => changedCode(pid),
    (differences) => differences.length === 0,
    10_000,
  );
}
