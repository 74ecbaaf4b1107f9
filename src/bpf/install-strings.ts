import type { ArrayTable } from './array-table.ts';
import type { KernelSide } from './kernel-side.ts';
import { planStringLayout } from './map-layout.ts';

/** struct plan_string of each. */
export function stringEntries(strings: readonly string[]): Uint8Array {
  const entries = new Uint8Array(strings.length * planStringLayout.sizeBytes);
  const view = new DataView(entries.buffer);
  strings.forEach((text, index) => {
    const bytes = new TextEncoder().encode(text);
    view.setUint32(index * planStringLayout.sizeBytes + planStringLayout.size_bytes, bytes.length, true);
    entries.set(bytes, index * planStringLayout.sizeBytes + planStringLayout.bytes);
  });
  return entries;
}

const sharedStrings = new WeakMap<ArrayTable, Map<string, { readonly first: number; users: number }>>();

/** Where the texts stand. Plans of the same presets have the same: there is room for 256 in all. */
export function lendStrings({ planStrings }: KernelSide, strings: readonly string[], undo: (() => void)[]): number {
  if (strings.length === 0) return 0;
  const lists = sharedStrings.get(planStrings) ?? new Map<string, { readonly first: number; users: number }>();
  sharedStrings.set(planStrings, lists);
  const key = JSON.stringify(strings);
  let list = lists.get(key);
  if (list === undefined) {
    list = { first: planStrings.lend(strings.length), users: 0 };
    planStrings.write(list.first, stringEntries(strings));
    lists.set(key, list);
  }
  list.users += 1;
  undo.push(() => {
    list.users -= 1;
    if (list.users > 0) return;
    lists.delete(key);
    planStrings.giveBack(list.first, strings.length);
  });
  return list.first;
}
