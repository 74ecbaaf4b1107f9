import koffi from 'koffi';
import type { ProcResult } from './proc-file.ts';

let call: ReturnType<typeof load> | undefined;

/** include/uapi/asm-generic/errno-base.h */
const errno = { permission: 1, noSuchProcess: 3 } as const;

/**
 * Reads memory of another process by process_vm_readv(2). That asks for the right to trace the process (CAP_SYS_PTRACE)
 * and for nothing else, whereas the files of /proc/PID that hold the same also want their owner's user id.
 * @param address in the process.
 * @returns a copy of the bytes that are there: fewer than asked for where its memory ends.
 */
export function readProcessMemory(pid: number, address: bigint, sizeBytes: number): ProcResult<Buffer> {
  call ??= load();
  const bytes = Buffer.alloc(sizeBytes);
  const local = [{ base: bytes, length: sizeBytes }];
  const remote = [{ base: address, length: sizeBytes }];
  const count = Number(call(pid, local, 1, remote, 1, 0));
  if (count >= 0) return { value: bytes.subarray(0, count) };
  if (koffi.errno() === errno.noSuchProcess) return { absence: 'gone' };
  return { absence: koffi.errno() === errno.permission ? 'no permission' : 'unreadable' };
}

function load() {
  const local = koffi.struct({ base: 'void *', length: 'size_t' });
  const remote = koffi.struct({ base: 'uintptr_t', length: 'size_t' });
  const parameters = ['int', koffi.pointer(local), 'ulong', koffi.pointer(remote), 'ulong', 'ulong'];
  return koffi.load('libc.so.6').func('process_vm_readv', 'long', parameters);
}
