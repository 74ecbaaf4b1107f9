import { closeSync, openSync, readSync } from 'node:fs';
import { machine, release } from 'node:os';
import type { Check, CheckResult } from './check.ts';

/** First two bytes of BTF data, little-endian (Documentation/bpf/btf.rst). */
const btfMagic = 0xeb9f;

export const kernelChecks: readonly Check[] = [
  { name: 'kernel', run: kernel },
  { name: 'BTF', run: btf },
];

function kernel(): CheckResult {
  const detail = `Linux ${release()}, ${machine()}`;
  if (process.arch === 'x64' || process.arch === 'arm64') return { name: 'kernel', state: 'ok', detail };
  const remedy = 'Sidespan runs on x86-64 and arm64.';
  return { name: 'kernel', state: 'missing', detail: `${detail} is not supported`, remedy };
}

function btf(): CheckResult {
  const path = '/sys/kernel/btf/vmlinux';
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT') return { name: 'BTF', state: 'unknown', detail: `${path} can't be read (${code})` };
    return {
      name: 'BTF',
      state: 'missing',
      detail: `no ${path}: the programs can't be adapted to this kernel`,
      remedy:
        'Use a kernel built with CONFIG_DEBUG_INFO_BTF (all of Debian, Ubuntu, Fedora, Amazon Linux 2023), with /sys mounted.',
    };
  }
  try {
    const magic = Buffer.alloc(2);
    readSync(fd, magic, 0, 2, 0);
    const good = magic.readUInt16LE(0) === btfMagic;
    return { name: 'BTF', state: good ? 'ok' : 'missing', detail: good ? path : `${path} holds no BTF data` };
  } finally {
    closeSync(fd);
  }
}
