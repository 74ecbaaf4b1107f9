import type { Panic } from './panic.ts';

/** A panic, and how far from the stack's top (`stack.hi - SP`) the goroutine was. */
export interface OpenPanic {
  readonly depth: number;
  readonly panic: Panic;
}

/** Panics of goroutines with open calls, from their records to the ends of these calls. */
export interface OpenPanics {
  readonly isEmpty: boolean;
  add(goroutine: string, panic: OpenPanic): void;
  /** A function at that depth recovers: panics below it are over. */
  recover(goroutine: string, depth: number): void;
  /** The one that a goroutine is unwound by. */
  current(goroutine: string): Panic | undefined;
  /** Those that it has recovered from since its outermost call began. */
  recovered(goroutine: string): readonly Panic[];
  /** Its outermost call has ended. */
  forget(goroutine: string): void;
}

/** Those that began last are kept: programs that panic for control flow do it again and again. */
const maxRecovered = 4;
/** A panic in a deferred call, in one of that, and so on. */
const maxNested = 16;
/** That panic at the same time. Of more the oldest are given up. */
const maxGoroutines = 4096;

export function createOpenPanics(): OpenPanics {
  const goroutines = new Map<string, { readonly open: OpenPanic[]; readonly recovered: Panic[] }>();
  return {
    get isEmpty() {
      return goroutines.size === 0;
    },
    add(goroutine, panic) {
      const known = goroutines.get(goroutine);
      if (known !== undefined) {
        known.open.push(panic);
        if (known.open.length > maxNested) known.open.shift();
        return;
      }
      goroutines.set(goroutine, { open: [panic], recovered: [] });
      for (const oldest of goroutines.keys()) {
        if (goroutines.size <= maxGoroutines) break;
        goroutines.delete(oldest);
      }
    },
    recover(goroutine, depth) {
      const known = goroutines.get(goroutine);
      if (known === undefined) return;
      const { open, recovered } = known;
      while ((open.at(-1)?.depth ?? 0) > depth) recovered.push(open.pop()!.panic);
      recovered.splice(0, recovered.length - maxRecovered);
    },
    current: (goroutine) => goroutines.get(goroutine)?.open.at(-1)?.panic,
    recovered: (goroutine) => goroutines.get(goroutine)?.recovered ?? [],
    forget: (goroutine) => void goroutines.delete(goroutine),
  };
}
