import type { Place } from './place.ts';

/** One of the page's views: made once, shown and hidden. */
export interface View {
  readonly element: HTMLElement;
  /** Its place is shown now, or has changed while it was. */
  show(place: Place): void;
  hide?(): void;
  /** A key that the page itself has no use for; true if it was one of the view's. */
  key?(key: string): boolean;
  /** What `/` goes to. */
  readonly filterField?: HTMLElement;
}

/** Goes to a place that differs from the present one so; `replace` leaves no trace in the browser's history. */
export type Navigate = (change: Partial<Place>, how?: 'push' | 'replace') => void;
