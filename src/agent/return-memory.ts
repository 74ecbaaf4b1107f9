import { readFileSync } from 'node:fs';
import { dropPages, trimHeap } from '../bpf/libc.ts';

/** After the last attach: by then the compilers of V8 have done most of their work. */
const afterMs = 1000;

export interface MemoryReturn extends Disposable {
  /** Something large has been done: soon its memory goes back. */
  soon(): void;
}

/**
 * Starting and planning need memory that running does not: buffers that the C library keeps (V8's compilers, the parser
 * of WebAssembly), and pages of Node's own code that are not run again. Together they are 35 MB of an idle agent's 120.
 */
export function returnMemory(): MemoryReturn {
  let timer: NodeJS.Timeout | undefined;
  const now = () => {
    timer = undefined;
    trimHeap();
    for (const [start, end] of ownCode()) dropPages(start, end - start);
  };
  return {
    soon() {
      clearTimeout(timer);
      timer = setTimeout(now, afterMs).unref();
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

/**
 * Where Node's executable is mapped to be run: pages that were never written to, so the kernel brings back what is
 * missing. (Its other mappings hold relocated addresses: dropping these would be the end.)
 */
function ownCode(): [start: number, end: number][] {
  let maps: string;
  try {
    maps = readFileSync('/proc/self/maps', 'utf8');
  } catch {
    return [];
  }
  const found: [number, number][] = [];
  for (const line of maps.split('\n')) {
    const [, start = '', end = '', path] = /^([0-9a-f]+)-([0-9a-f]+) r-xp \S+ \S+ \d+ +(\/.*)$/.exec(line) ?? [];
    if (path === process.execPath) found.push([Number.parseInt(start, 16), Number.parseInt(end, 16)]);
  }
  return found;
}
