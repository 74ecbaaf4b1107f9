import type { ContextPlace } from '../probe/capture/context-place.ts';
import { contextPlaceLayout } from './map-layout.ts';

/** Writes struct context_place. */
export function writeContext(entries: DataView, place: number, { base, first, second, at }: ContextPlace): void {
  entries.setUint8(place + contextPlaceLayout.base, base);
  entries.setUint8(place + contextPlaceLayout.first, first);
  entries.setUint8(place + contextPlaceLayout.second, second);
  entries.setUint8(place + contextPlaceLayout.hops, at.length);
  at.forEach((offset, n) => {
    entries.setUint16(place + contextPlaceLayout.at + 2 * n, offset, true);
  });
}
