import { setFlagsFromString } from 'node:v8';
import { trimHeap } from '../bpf/libc.ts';

/** After the last attach: by then the compilers of V8 have done most of their work. */
const afterMs = 1000;

export interface MemoryReturn extends Disposable {
  /** Something large has been done: soon its memory goes back. */
  soon(): void;
}

/**
 * Gives memory back that was needed once. V8 keeps for itself every page that its heap ever had, after a burst of spans
 * tens of megabytes; told to optimize for size, each of its larger collections gives them back. As an option of `node`
 * the same would also shrink the young generation to 1 MB, which costs time. The C library keeps what V8's compilers freed.
 */
export function returnMemory(): MemoryReturn {
  setFlagsFromString('--optimize-for-size');
  let timer: NodeJS.Timeout | undefined;
  return {
    soon() {
      clearTimeout(timer);
      timer = setTimeout(trimHeap, afterMs).unref();
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
