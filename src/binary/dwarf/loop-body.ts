import { Attribute, Tag } from './constants.ts';
import type { DebugInfo } from './debug-info.ts';
import type { Entry } from './unit.ts';

/**
 * The body of a loop over an iterator function is a function itself. A `return` in it sets the results of the function
 * around it, which are given names like `#rv1` for that if they have none, and variables with such names are left out of
 * the debug information (https://github.com/golang/go/blob/go1.26.0/src/cmd/compile/internal/ssa/debug.go,
 * `IsVarWantedForDebug`).
 */
export const loopBodyName = /-range\d+$/;

const resultsUnavailable =
  'it loops over an iterator function: unnamed results that are returned from within are not in the debug information';

/** The largest generated functions have some 10,000 variables and inlined calls. */
const maxExamined = 50_000;

const tooMany = `it has more than ${maxExamined} variables and inlined calls: whether it loops over an iterator function, and so has unnamed results that the debug information leaves out, was not looked for to the end`;

/**
 * Why the results of a function that has none listed are not known; undefined: it has none. It may have such loops: the
 * variable that holds the body tells, or the inlined body.
 */
export function whyNoResults(info: DebugInfo, entry: Entry): string | undefined {
  let count = 0;
  for (const inner of info.descendants(entry)) {
    const { tag } = inner.abbreviation;
    if (tag !== Tag.variable && tag !== Tag.inlinedSubroutine) continue;
    if (++count > maxExamined) return tooMany;
    const name = info.text(info.originOf(inner), Attribute.name) ?? '';
    if (tag === Tag.variable ? name.startsWith('#yield') : loopBodyName.test(name)) return resultsUnavailable;
  }
  return undefined;
}
