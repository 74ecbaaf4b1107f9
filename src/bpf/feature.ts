import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { WrittenHeaders } from '../probe/outgoing/written-headers.ts';
import { BpfError, errnoName } from './bpf-error.ts';
import { type KernelSide, openKernelSide } from './kernel-side.ts';

/** What the kernel can do for us, found by trying it. */
export interface KernelFeature {
  readonly name: string;
  /** What it is for. */
  readonly needed: string;
  readonly state: 'ok' | 'limited' | 'missing';
  readonly detail: string;
  readonly remedy?: string | undefined;
}

const pageBytes = 4096;
const smallSide = { ringBytes: pageBytes, maxGoroutines: 16, captureBytes: 64 } as const;

/**
 * Loads the programs, maps a ring, attaches a probe to an instruction of our own executable that never runs again, and
 * takes all out. A failed attempt is a feature that is missing; those behind it are not tried.
 */
export function kernelFeatures(libbpfPath?: string, writeHeaders?: WrittenHeaders): readonly KernelFeature[] {
  const features: KernelFeature[] = [];
  let kernel: KernelSide;
  try {
    kernel = openKernelSide({ ...smallSide, libbpfPath });
  } catch (error) {
    return [{ name: 'BPF programs load', needed: 'everything depends on it', ...failure(error) }];
  }
  using open = kernel;
  features.push({ name: 'BPF programs load', needed: '', state: 'ok', detail: 'verified and loaded' });
  features.push({ name: 'ring buffer', needed: '', state: 'ok', detail: 'created and mapped' });
  features.push(multiFeature(open));
  features.push(
    attempt('uprobe', 'no function can be traced without', () => {
      open
        .attach(process.pid, '/proc/self/exe', [{ fileOffset: entryOffset('/proc/self/exe'), cookie: 0 }])
        [Symbol.dispose]();
      return `attached and detached by ${open.attachMode}`;
    }),
  );
  features.push({
    ...attempt('exec tracepoint', 'new processes are found at once; without it /proc is polled', () => {
      open.watchProcesses()[Symbol.dispose]();
      return 'attached and detached';
    }),
  });
  features.push(preemptionFeature());
  // Not unless it is wanted: the kernel's log tells of every program that may write.
  if (writeHeaders) {
    features.push(
      attempt('headers in requests', '', () => {
        openKernelSide({ ...smallSide, libbpfPath, writeHeaders })[Symbol.dispose]();
        return 'may be written (SIDESPAN_PROPAGATION=write)';
      }),
    );
  }
  return features.map((feature) =>
    feature.name === 'exec tracepoint' && feature.state === 'missing' ? { ...feature, state: 'limited' } : feature,
  );
}

function multiFeature({ attachMode }: KernelSide): KernelFeature {
  const name = 'uprobe_multi links';
  if (attachMode === 'uprobe_multi')
    return { name, needed: '', state: 'ok', detail: 'one link for all probes of a process' };
  return {
    name,
    needed: 'probes are attached one by one, which is slower and needs CAP_SYS_ADMIN',
    state: 'limited',
    detail: 'this kernel has none',
    remedy: 'Linux 6.6 or later has them.',
  };
}

/**
 * Private stacks of BPF programs (x86, from 6.13) make preemptible programs overwrite each other's data; the kernel
 * functions that prevent it came before, in 6.10.
 */
function preemptionFeature(): KernelFeature {
  const name = 'preemption guard';
  let symbols: string;
  try {
    symbols = readFileSync('/proc/kallsyms', 'utf8');
  } catch (error) {
    return {
      name,
      needed: '',
      state: 'ok',
      detail: `not looked up: ${error instanceof Error ? error.message : error}`,
    };
  }
  const has = (symbol: string) => new RegExp(` ${symbol}$`, 'm').test(symbols);
  if (has('bpf_preempt_disable')) return { name, needed: '', state: 'ok', detail: 'bpf_preempt_disable' };
  if (!has('bpf_enable_priv_stack') && !has('bpf_prog_get_priv_stack')) {
    return { name, needed: '', state: 'ok', detail: 'not needed: no private stacks' };
  }
  return {
    name,
    needed: 'without it some calls may be lost or mixed up on several CPUs',
    state: 'limited',
    detail: 'bpf_preempt_disable is missing',
    remedy: 'Use a kernel that has it, from 6.10 on.',
  };
}

function attempt(name: string, needed: string, run: () => string): KernelFeature {
  try {
    return { name, needed: '', state: 'ok', detail: run() };
  } catch (error) {
    return { name, needed, ...failure(error) };
  }
}

function failure(error: unknown): Pick<KernelFeature, 'state' | 'detail' | 'remedy'> {
  const text = error instanceof Error ? error.message : String(error);
  if (!(error instanceof BpfError)) return { state: 'missing', detail: text };
  const remedies: Readonly<Record<string, string>> = {
    EPERM: 'Grant CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN): in compose cap_add: [BPF, PERFMON, SYS_PTRACE].',
    EACCES: 'Grant CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE; kernels before 6.6 also want CAP_SYS_ADMIN.',
    EINVAL: 'Linux 6.1 or later is needed.',
    ENOMEM: 'Raise the memory limit of the container, or `ulimit -l`.',
  };
  return { state: 'missing', detail: text, remedy: remedies[errnoName(error.errno)] };
}

/** File offset of an ELF executable's first instruction, which has run and does not run again. */
function entryOffset(path: string): number {
  const layout = { entry: 24, segments: 32, segmentBytes: 54, segmentCount: 56 };
  const segment = { load: 1, type: 0, offset: 8, vaddr: 16, fileSize: 32 };
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(pageBytes);
    readSync(fd, bytes, 0, pageBytes, 0);
    const entry = Number(bytes.readBigUInt64LE(layout.entry));
    const first = Number(bytes.readBigUInt64LE(layout.segments));
    const size = bytes.readUInt16LE(layout.segmentBytes);
    for (let index = 0; index < bytes.readUInt16LE(layout.segmentCount); index++) {
      const at = first + index * size;
      const vaddr = Number(bytes.readBigUInt64LE(at + segment.vaddr));
      const fileSize = Number(bytes.readBigUInt64LE(at + segment.fileSize));
      if (bytes.readUInt32LE(at + segment.type) !== segment.load || entry < vaddr || entry >= vaddr + fileSize)
        continue;
      return Number(bytes.readBigUInt64LE(at + segment.offset)) + entry - vaddr;
    }
    throw new BpfError(`${path} has no entry point`);
  } finally {
    closeSync(fd);
  }
}
