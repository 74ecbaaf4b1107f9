import { trimHeap } from '../bpf/libc.ts';

/** After the last attach: by then the compilers of V8 have done most of their work. */
const afterMs = 1000;

export interface MemoryReturn extends Disposable {
  /** Something large has been done: soon its memory goes back. */
  soon(): void;
}

/**
 * Starting and planning need memory that running does not: buffers that the C library keeps after V8's compilers and the
 * parser of WebAssembly freed them, 16 MB of an idle agent's.
 */
export function returnMemory(): MemoryReturn {
  let timer: NodeJS.Timeout | undefined;
  return {
    soon() {
      clearTimeout(timer);
      timer = setTimeout(trimHeap, afterMs).unref();
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
