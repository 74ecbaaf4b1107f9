/** errno values that the kernel's BPF, perf and mmap calls give, with what they most likely mean here. */
const likelyCauses: Readonly<Record<string, string>> = {
  EPERM: 'not permitted: CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN) are needed',
  EACCES:
    'access denied: a missing capability (SYS_PTRACE for /proc/PID/exe, SYS_ADMIN for perf uprobes), or the verifier',
  EINVAL: 'the kernel does not know this kind of object or argument',
  ENOENT: 'no such file or process',
  ESRCH: 'the process has ended',
  ENOMEM: 'out of memory, or over the locked-memory or cgroup limit',
  E2BIG: 'larger than this kernel allows',
  EOPNOTSUPP: 'not supported by this kernel',
  EBADF: 'not a file that can be probed',
  ETXTBSY: 'the file is being written',
  EMFILE: 'too many open files',
};

const errnoNames: Readonly<Record<number, string>> = {
  1: 'EPERM',
  2: 'ENOENT',
  3: 'ESRCH',
  4: 'EINTR',
  5: 'EIO',
  7: 'E2BIG',
  8: 'ENOEXEC',
  9: 'EBADF',
  11: 'EAGAIN',
  12: 'ENOMEM',
  13: 'EACCES',
  14: 'EFAULT',
  16: 'EBUSY',
  17: 'EEXIST',
  19: 'ENODEV',
  22: 'EINVAL',
  24: 'EMFILE',
  26: 'ETXTBSY',
  28: 'ENOSPC',
  38: 'ENOSYS',
  95: 'EOPNOTSUPP',
  524: 'EOPNOTSUPP',
};

/** The symbolic name of an errno value, or `errno N`. */
export function errnoName(errno: number): string {
  return errnoNames[Math.abs(errno)] ?? `errno ${Math.abs(errno)}`;
}

/** A failed call of the kernel or of libbpf: what was tried, why it likely failed, what to do next. */
export class BpfError extends Error {
  /** 0 when no system call was involved. */
  readonly errno: number;
  /** Of the command that it ends: 3 where the kernel or the rights make tracing impossible. */
  readonly exitCode?: 3;

  constructor(
    what: string,
    errno = 0,
    options?: ErrorOptions & { detail?: string; remedy?: string; impossible?: true },
  ) {
    const name = errno === 0 ? '' : errnoName(errno);
    const cause = likelyCauses[name];
    const because = name === '' ? '' : `: ${name}${cause === undefined ? '' : ` (${cause})`}`;
    const remedy = options?.remedy ?? '`sidespan doctor` tells what this kernel and these capabilities allow.';
    super(`${what}${because}. ${options?.detail ? `${options.detail} ` : ''}${remedy}`, options);
    this.name = 'BpfError';
    this.errno = Math.abs(errno);
    if (options?.impossible) this.exitCode = 3;
  }
}
