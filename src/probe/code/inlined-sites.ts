import type { Found, GoBinary } from '../../binary/go-binary.ts';
import type { InlinedPlaces } from '../select-functions.ts';
import type { InlinedSite } from './inlined-site.ts';
import type { SiteFinder } from './site-finder.ts';

/** Where calls that the compiler inlined are counted, or why they can't be. */
export interface InlinedSites {
  /** @param index of the call among those of the function */
  at(functionName: string, index: number): Found<InlinedSite> | undefined;
}

/**
 * Looks at each function that has some of the calls once, whatever their order: reading one takes a hundred times as long as
 * looking at a call in it. What is found is kept as a number each.
 */
export function findInlinedSites(
  binary: GoBinary,
  finder: SiteFinder,
  inlined: ReadonlyMap<string, InlinedPlaces>,
): InlinedSites {
  const first = new Map<string, number>();
  let count = 0;
  for (const [name, { vaddrs }] of inlined) {
    first.set(name, count);
    count += vaddrs.length;
  }
  const vaddrs = new Float64Array(count);
  const calls = new Int32Array(count);
  for (const [name, places] of inlined) {
    vaddrs.set(places.vaddrs, first.get(name));
    calls.set(places.calls, first.get(name));
  }
  const order = Uint32Array.from(vaddrs.keys()).sort((a, b) => (vaddrs[a] ?? 0) - (vaddrs[b] ?? 0));

  /** Sites are alike but for their offset, reasons altogether. */
  const kinds: Found<Omit<InlinedSite, 'offset'>>[] = [];
  const kindNumbers = new Map<string, number>();
  const kindOf = ({ value, unavailable }: Found<InlinedSite>): number => {
    const key = value === undefined ? unavailable : `${value.emulated} ${value.why}`;
    let number = kindNumbers.get(key);
    if (number === undefined) {
      number = kinds.push(value === undefined ? { unavailable } : { value }) - 1;
      kindNumbers.set(key, number);
    }
    return number;
  };
  const kindAt = new Uint32Array(count);
  const offsetAt = new Uint32Array(count);
  for (const index of order) {
    const found = siteOf(binary, finder, vaddrs[index] ?? 0, calls[index] ?? 0);
    kindAt[index] = kindOf(found);
    offsetAt[index] = found.value?.offset ?? 0;
  }
  return {
    at(functionName, index) {
      const start = first.get(functionName);
      const place = start === undefined ? -1 : start + index;
      const kind = kinds[kindAt[place] ?? -1];
      return kind?.value === undefined ? kind : { value: { ...kind.value, offset: offsetAt[place] ?? 0 } };
    },
  };
}

/** One damaged function does not hide the others. */
function siteOf(binary: GoBinary, finder: SiteFinder, vaddr: number, call: number): Found<InlinedSite> {
  try {
    const into = binary.functionAt(vaddr);
    if (into === undefined) return { unavailable: 'the function that has its code is not in the function table' };
    return finder.findInlined(into, call);
  } catch (error) {
    return { unavailable: error instanceof Error ? error.message : String(error) };
  }
}
