import type { Shape } from './shape.ts';
import type { Budget, CaptureLimits, Expansion } from './shape-context.ts';

/** Of what is left, while others of the same level wait: so that one large value does not take it all. */
const shareOfOne = 0.6;
/** Strings are cut to this part of their limit before a value is given up. */
const shorterStrings = 4;

/**
 * Builds shapes breadth first: all values, then what they point to, then what that points to (maps one level later). Each
 * is followed whole if there is room; else with fewer items and shorter strings; what a parameter itself points to at
 * least in part.
 * @param build makes the shapes of the first image and hands pointers and slices to `later`.
 */
export function planShapes<T>(
  limits: CaptureLimits,
  budget: Budget,
  build: (later: (expansion: Expansion) => void) => T,
): T {
  let waiting: Expansion[] = [];
  let postponed: Expansion[] = [];
  const result = build((expansion) => waiting.push(expansion));
  while (waiting.length > 0 || postponed.length > 0) {
    const level = [...waiting.filter(({ isLate }) => !isLate), ...postponed];
    postponed = waiting.filter(({ isLate }) => isLate);
    waiting = [];
    for (const [i, expansion] of level.entries()) {
      const isLast = i === level.length - 1;
      const found = follow(expansion, limits, budget, isLast ? 1 : shareOfOne);
      if (found !== undefined) waiting.push(...found);
    }
  }
  return result;
}

/** Puts the expansion in its place if there is room; returns what it leads to. */
function follow(expansion: Expansion, limits: CaptureLimits, budget: Budget, share: number): Expansion[] | undefined {
  const attempts = reductions(limits);
  for (const [i, reduced] of attempts.entries()) {
    const trial: Budget = {
      steps: Math.floor(budget.steps * share),
      bytes: Math.floor(budget.bytes * share),
      nodes: Math.floor(budget.nodes * share),
      exceeded: false,
    };
    const start = { ...trial };
    const found: Expansion[] = [];
    const shape = expansion.expand(reduced, trial, (inner) => found.push(inner));
    const inPart = expansion.level === 1 && i === attempts.length - 1 && isFollowed(shape);
    if (trial.exceeded && !inPart) continue;
    budget.steps -= start.steps - trial.steps;
    budget.bytes -= start.bytes - trial.bytes;
    budget.nodes -= start.nodes - trial.nodes;
    expansion.place(shape);
    return found;
  }
  return undefined;
}

/** Never more than the user allows: none, if that is it. */
function reductions(limits: CaptureLimits): CaptureLimits[] {
  const stringBytes = Math.min(limits.stringBytes, Math.max(1, Math.floor(limits.stringBytes / shorterStrings)));
  const elements = [limits.elements, Math.floor(limits.elements / 4), 1].filter((n) => n >= 1 && n <= limits.elements);
  const counts = elements.length === 0 ? [0] : [...new Set(elements)];
  const list = counts.map((n) => ({ ...limits, elements: n }));
  return [...list, ...list.map((entry) => ({ ...entry, stringBytes }))];
}

function isFollowed(shape: Shape): boolean {
  return shape.kind === 'pointer' || (shape.kind === 'slice' && shape.maxItems > 0);
}
