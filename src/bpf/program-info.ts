import { addressOf, bpf } from './libc.ts';

/** bpf(2), BPF_OBJ_GET_INFO_BY_FD. */
const getInfoCommand = 15;

/** union bpf_attr, info (include/uapi/linux/bpf.h). */
const attributes = { sizeBytes: 16, fd: 0, length: 4, info: 8 } as const;

/** struct bpf_prog_info, as far as it is asked for; kernels fill what they know of it. */
const programInfo = { sizeBytes: 216, recursion_misses: 208 } as const;

/**
 * Runs of the program that the kernel skipped because it ran already on that CPU.
 * @throws BpfError
 */
export function recursionMisses(programFd: number): number {
  const info = new Uint8Array(programInfo.sizeBytes);
  const request = new Uint8Array(attributes.sizeBytes);
  const view = new DataView(request.buffer);
  view.setUint32(attributes.fd, programFd, true);
  view.setUint32(attributes.length, info.length, true);
  view.setBigUint64(attributes.info, addressOf(info), true);
  bpf(getInfoCommand, request, 'Asking for the statistics of a BPF program');
  return Number(new DataView(info.buffer).getBigUint64(programInfo.recursion_misses, true));
}
