import { setFlagsFromString } from 'node:v8';
import { returnFilePages } from '../bpf/file-pages.ts';
import { trimHeap } from '../bpf/libc.ts';

/** After the last attach: by then the compilers of V8 have done most of their work. */
const afterMs = 1000;
/** How often it is decided whether V8 shall save memory. */
const intervalMs = 1000;
/** With fewer spans in an interval it always shall: what that costs is little then. */
const fewSpans = 1000;
/** With more of them in one of so many intervals: pages pile up over many seconds. */
const busyIntervals = 6;
/** What Node's own code was needed for in between (compiling, once a metric export) is given back again. */
const filePagesMs = 60_000;

export interface MemoryReturn extends Disposable {
  /** Something large has been done: soon its memory goes back. */
  soon(): void;
}

/**
 * Gives memory back that was needed once. V8 keeps for itself every page that its heap ever had, while spans come tens of
 * megabytes; told to optimize for size, each of its larger collections gives them back. It also collects three times as
 * often then, which would be a third of the agent's work under load: so it is told when few spans come, and now and then.
 * As an option of `node` the same would also shrink the young generation to 1 MB, which costs time. The C library keeps
 * what V8's compilers freed. And the pages of Node's own file that starting has touched stay mapped: 35 MB that are not
 * touched again.
 *
 * @param spanCount of all spans so far
 */
export function returnMemory(spanCount: () => number): MemoryReturn {
  let timer: NodeJS.Timeout | undefined;
  let counted = spanCount();
  let decisions = 0;
  let saving = false;

  function decide(): void {
    const count = spanCount();
    const few = count - counted < fewSpans;
    counted = count;
    const save = few || decisions++ % busyIntervals === 0;
    if (save === saving) return;
    saving = save;
    setFlagsFromString(save ? '--optimize-for-size' : '--no-optimize-for-size');
  }

  decide();
  const intervals = [setInterval(decide, intervalMs), setInterval(returnFilePages, filePagesMs)];
  for (const interval of intervals) interval.unref();
  return {
    soon() {
      clearTimeout(timer);
      timer = setTimeout(() => {
        trimHeap();
        returnFilePages();
      }, afterMs).unref();
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      intervals.forEach(clearInterval);
    },
  };
}
