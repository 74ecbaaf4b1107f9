import type { NameEnds } from './go-binary.ts';

/** Whether a name, given by its place among `names`, begins and ends as one of these do. */
export function endsFilter(names: Uint8Array, ends: readonly NameEnds[]): (start: number, end: number) => boolean {
  const wanted = ends.map(({ prefix, ending }) => [Buffer.from(prefix), Buffer.from(ending)] as const);
  return (start, end) => {
    for (const [prefix, ending] of wanted) {
      const fits = end - start >= prefix.length && end - start >= ending.length;
      if (fits && hasAt(names, start, prefix) && hasAt(names, end - ending.length, ending)) return true;
    }
    return false;
  };
}

function hasAt(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let at = 0; at < wanted.length; at++) if (bytes[start + at] !== wanted[at]) return false;
  return true;
}
