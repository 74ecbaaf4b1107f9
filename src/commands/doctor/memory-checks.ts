import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sizeText } from '../../config/value-type.ts';
import type { Check, CheckResult } from './check.ts';

/** The agent needs about 110 MB under load, its ring buffer and tables some more. */
const comfortableBytes = 192 * 1024 * 1024;

/** Limits of at least this are none: v1 shows the largest multiple of a page. */
const unlimitedBytes = 2 ** 60;

/** @param ringBytes size of the ring buffer that is asked for */
export function memoryChecks(ringBytes: number): readonly Check[] {
  return [
    { name: 'memory limit', run: () => memoryLimit(ringBytes) },
    { name: 'locked memory', run: () => lockedMemory(readFileSync('/proc/self/limits', 'utf8'), ringBytes) },
  ];
}

/** Of the text of /proc/self/limits. Kernels since 5.11 charge BPF's memory to the cgroup and ignore this limit. */
export function lockedMemory(limits: string, ringBytes: number): CheckResult {
  const name = 'locked memory';
  const soft = /^Max locked memory\s+(\S+)/m.exec(limits)?.[1];
  if (soft === undefined) return { name, state: 'unknown', detail: '/proc/self/limits does not name it' };
  if (soft === 'unlimited') return { name, state: 'ok', detail: 'unlimited' };
  const bytes = Number(soft);
  const detail = `${sizeText(bytes)}; kernels since 5.11 don't count BPF's memory here`;
  return { name, state: 'ok', detail: bytes > 2 * ringBytes ? sizeText(bytes) : detail };
}

function memoryLimit(ringBytes: number): CheckResult {
  const name = 'memory limit';
  const limit = cgroupLimit();
  if (limit === undefined) {
    return { name, state: 'unknown', detail: 'no limit of a cgroup is to be seen under /sys/fs/cgroup' };
  }
  if (limit === 'none') return { name, state: 'ok', detail: 'none' };
  const wanted = comfortableBytes + ringBytes;
  const detail = `${Math.floor(limit / 2 ** 20)} MiB`;
  if (limit >= wanted) return { name, state: 'ok', detail };
  return {
    name,
    state: 'limited',
    detail: `${detail}; under load the agent needs up to about ${Math.ceil(wanted / 2 ** 20)} MiB`,
    remedy: 'Raise the memory limit of the container, or lower SIDESPAN_RING_BYTES and OTEL_BSP_MAX_QUEUE_SIZE.',
  };
}

/** The smallest limit of our own cgroup and those above it, as far as they are to be seen. */
function cgroupLimit(): number | 'none' | undefined {
  let smallest: number | undefined;
  for (const folder of cgroupFolders(readFileSync('/proc/self/cgroup', 'utf8'))) {
    for (const file of ['memory.max', 'memory.limit_in_bytes']) {
      const path = join(folder, file);
      if (!existsSync(path)) continue;
      const text = readFileSync(path, 'utf8').trim();
      const bytes = text === 'max' ? Number.POSITIVE_INFINITY : Number(text);
      if (!Number.isNaN(bytes)) smallest = Math.min(smallest ?? Number.POSITIVE_INFINITY, bytes);
    }
  }
  return smallest === undefined ? undefined : smallest >= unlimitedBytes ? 'none' : smallest;
}

/** Folders that may hold our memory limit, by the text of /proc/self/cgroup: version 2 and version 1, and their parents. */
export function cgroupFolders(cgroup: string): string[] {
  const folders = new Set<string>();
  for (const line of cgroup.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined || controllers === undefined) continue;
    const isMemory = controllers.split(',').includes('memory');
    if (controllers !== '' && !isMemory) continue;
    const root = isMemory ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup';
    const parts = path.split('/').filter((part) => part !== '' && part !== '..');
    for (let count = parts.length; count >= 0; count--) folders.add(join(root, ...parts.slice(0, count)));
  }
  return [...folders];
}
