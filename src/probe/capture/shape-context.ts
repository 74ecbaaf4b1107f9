import { planLimits } from './capture-op.ts';
import type { KnownFloat, Shape } from './shape.ts';
import type { TypeFacts } from './type-facts.ts';

/** How much of a value is captured. */
export interface CaptureLimits {
  /** Of a string or []byte. */
  readonly stringBytes: number;
  /** Of a slice or array. */
  readonly elements: number;
  /** Pointers and slices followed one after another. */
  readonly depth: number;
  /** Of a struct or array behind a pointer or on the stack. */
  readonly structBytes: number;
  /** Of one capture in all: at most CAPTURE_BYTES. */
  readonly captureBytes: number;
}

export const defaultCaptureLimits: CaptureLimits = {
  stringBytes: 128,
  elements: 8,
  depth: 3,
  structBytes: 512,
  captureBytes: planLimits.captureBytes,
};

/** What a capture may still cost in its worst case. Taken from while shapes are made. */
export interface Budget {
  steps: number;
  bytes: number;
  /** Values in one capture: more than anybody reads. */
  nodes: number;
  /** Something was refused for want of steps, bytes or nodes. */
  exceeded: boolean;
}

export interface ShapeContext {
  readonly limits: CaptureLimits;
  readonly facts: TypeFacts;
  readonly budget: Budget;
  /** Pointers and slices followed up to here. */
  readonly level: number;
  /** Images nested up to here; loops over arrays are some too. */
  readonly nesting: number;
  /** How often this part of the plan may run: items of the enclosing slices and arrays. */
  readonly times: number;
  /** Bytes of the current image. */
  readonly imageEnd: number;
  /** Behind an interface: no loops over arrays, because how deep they will stand is unknown. */
  readonly dynamic?: boolean | undefined;
  /** Of the first image: what was in a float register at that offset; undefined: something else was. */
  readonly float?: ((at: number) => KnownFloat | 'unknown' | undefined) | undefined;
  /** Takes what a pointer or slice leads to, to be captured if there is room. */
  readonly later: (expansion: Expansion) => void;
}

/** A pointer or slice that may be followed. */
export interface Expansion {
  /** Of what it leads to: 1 for what a parameter points to. */
  readonly level: number;
  /** One level later than others: a map may take much room, and less is lost without its entries. */
  readonly isLate?: boolean | undefined;
  /** Its shape when followed, within these limits and this budget. `exceeded` tells whether all of it found room. */
  expand(limits: CaptureLimits, budget: Budget, later: (expansion: Expansion) => void): Shape;
  /** Puts that shape in place of the one that stands there. */
  place(shape: Shape): void;
}
