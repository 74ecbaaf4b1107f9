import { writeSync } from 'node:fs';
import koffi from 'koffi';
import { BpfError } from './bpf-error.ts';

/**
 * The C library's functions that Node does not offer. Numbers that may pass 2^53 are BigInt only here, at the call.
 */
const libc = koffi.load('libc.so.6');

const syscallNumbers = {
  x64: { bpf: 321, perf_event_open: 298 },
  arm64: { bpf: 280, perf_event_open: 241 },
} as const;

const syscall3 = libc.func('long syscall(long number, long a, void *b, long c)');
const syscall5 = libc.func('long syscall(long number, void *a, long b, long c, long d, long e)');
const mmapCall = libc.func(
  'void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)',
);
const munmapCall = libc.func('int munmap(void *address, size_t length)');
const madviseCall = libc.func('int madvise(uintptr_t address, size_t length, int advice)');
const memfdCreate = libc.func('int memfd_create(const char *name, unsigned int flags)');
const closeCall = libc.func('int close(int fd)');
const clockGettime = libc.func('int clock_gettime(int clock, void *time)');
const ioctlCall = libc.func('int ioctl(int fd, unsigned long request, long argument)');

function numbers(): { bpf: number; perf_event_open: number } {
  const known = syscallNumbers[process.arch as keyof typeof syscallNumbers];
  if (known === undefined) throw new BpfError(`Sidespan runs on x64 and arm64, this Node is for ${process.arch}`);
  return known;
}

/** bpf(2). Returns the call's result; throws BpfError naming `what` when it fails. */
export function bpf(command: number, attributes: Uint8Array, what: string): number {
  const result = tryBpf(command, attributes);
  if (result < 0) throw new BpfError(what, -result);
  return result;
}

/** bpf(2) for attempts: the result, or the negative errno. */
export function tryBpf(command: number, attributes: Uint8Array): number {
  const result = Number(syscall3(numbers().bpf, command, attributes, attributes.length));
  return result < 0 ? -koffi.errno() : result;
}

/** perf_event_open(2) without group and flags but FD_CLOEXEC; the negative errno when it fails. */
export function tryPerfEventOpen(attributes: Uint8Array, pid: number, cpu: number): number {
  const closeOnExec = 8;
  const result = Number(syscall5(numbers().perf_event_open, attributes, pid, cpu, -1, closeOnExec));
  return result < 0 ? -koffi.errno() : result;
}

/** malloc_trim(3): freed memory goes back to the system. glibc alone has it. */
export function trimHeap(): void {
  mallocTrim ??= tryFunction('int malloc_trim(size_t pad)');
  mallocTrim?.(0);
}

let mallocTrim: ReturnType<typeof libc.func> | undefined;

function tryFunction(prototype: string): ReturnType<typeof libc.func> | undefined {
  try {
    return libc.func(prototype);
  } catch {
    return undefined;
  }
}

/** madvise(2), MADV_DONTNEED: the pages are read from their file again when they are touched. It may refuse. */
export function unmapPages(start: bigint, end: bigint): void {
  const dontNeed = 4;
  madviseCall(start, end - start, dontNeed);
}

/** Of the call made last, for libbpf's functions that answer a failure with NULL. */
export function lastErrno(): number {
  return koffi.errno();
}

export function close(fd: number): void {
  closeCall(fd);
}

/** ioctl(2) with an integer argument; the negative errno when it fails. */
export function tryIoctl(fd: number, request: number, argument: number): number {
  const result = Number(ioctlCall(fd, request, argument));
  return result < 0 ? -koffi.errno() : result;
}

/** A mapping of a file descriptor, unmapped when disposed. */
export interface Mapping extends Disposable {
  readonly bytes: ArrayBuffer;
}

export const protection = { read: 1, write: 2, execute: 4 } as const;

/** mmap(2), shared. Throws BpfError naming `what`. */
export function mapShared(fd: number, offset: number, sizeBytes: number, access: number, what: string): Mapping {
  const shared = 1;
  const address = map(fd, offset, sizeBytes, access, shared, what);
  return {
    bytes: koffi.view(address, sizeBytes),
    [Symbol.dispose]: () => {
      munmapCall(address, sizeBytes);
    },
  };
}

/** Maps the first bytes of a file as the loader maps code, private and unwritable, until disposed. Throws BpfError naming `what`. */
export function holdMapped(fd: number, sizeBytes: number, what: string): Disposable {
  const ownCopy = 2;
  const address = map(fd, 0, sizeBytes, protection.read, ownCopy, what);
  return {
    [Symbol.dispose]: () => {
      munmapCall(address, sizeBytes);
    },
  };
}

/** Machine code in a file of its own that has no name, mapped as a program's. */
export interface MappedCode extends Disposable {
  /** Where the file can be opened. */
  readonly path: string;
  /** Calls what begins at that offset as `void f(int)`. */
  call(offset: number, argument: number): void;
}

/** Throws BpfError where the system allows no such code. */
export function mapCode(code: Uint8Array): MappedCode {
  const closeOnExec = 1;
  const ownCopy = 2;
  const fd = memfdCreate('sidespan-code', closeOnExec) as number;
  if (fd < 0) throw new BpfError('Making a file in memory', koffi.errno());
  try {
    writeSync(fd, code);
    const address = map(fd, 0, code.length, protection.read | protection.execute, ownCopy, 'Mapping code');
    codeType ??= koffi.proto('void code(int argument)');
    const type = codeType;
    return {
      path: `/proc/self/fd/${fd}`,
      call: (offset, argument) => void koffi.call(address + BigInt(offset), type, argument),
      [Symbol.dispose]: () => {
        munmapCall(address, code.length);
        close(fd);
      },
    };
  } catch (error) {
    close(fd);
    throw error;
  }
}

let codeType: ReturnType<typeof koffi.proto> | undefined;

function map(fd: number, offset: number, sizeBytes: number, access: number, flags: number, what: string): bigint {
  const address = mmapCall(null, sizeBytes, access, flags, fd, offset) as bigint;
  // MAP_FAILED is (void *) -1.
  if (BigInt.asIntN(64, address) === -1n) throw new BpfError(what, koffi.errno());
  return address;
}

/** clock_gettime(2): nanoseconds of that clock (CLOCK_REALTIME 0, CLOCK_BOOTTIME 7). */
export function clockNs(clock: number): bigint {
  const time = new BigInt64Array(2);
  if (clockGettime(clock, time) !== 0) throw new BpfError(`clock_gettime(${clock})`, koffi.errno());
  return (time[0] as bigint) * 1_000_000_000n + (time[1] as bigint);
}

/** Address of a buffer, to be put into a struct that a system call reads. The buffer must outlive the call. */
export function addressOf(bytes: Uint8Array): bigint {
  return koffi.address(bytes);
}
