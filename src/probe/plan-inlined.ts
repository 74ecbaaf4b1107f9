import type { PlanBuilder } from './plan-builder.ts';
import type { InlinedReport } from './probe-plan.ts';
import type { Selection } from './select-functions.ts';

/** Each has a probe of its own: all processes together have some thousand. */
const maxInlinedCalls = 500;

const leftOut = 'SIDESPAN_INLINED is off';

/**
 * Adds a probe and a site for every inlined call of the selected functions that can be counted, and tells of the others why
 * not.
 */
export function planInlinedCalls(
  builder: PlanBuilder,
  { inlined, functions, onlyInlined }: Selection,
  countInlined = true,
): InlinedReport[] {
  const traced = new Set(functions.map(({ name }) => name));
  const reports: InlinedReport[] = [];
  let left = maxInlinedCalls;
  for (const functionName of [...traced, ...onlyInlined]) {
    const calls = inlined.get(functionName);
    if (calls === undefined) continue;
    if (!countInlined) {
      const notCounted = [{ reason: leftOut, places: calls.calls.length }];
      reports.push({ functionName, hasCode: traced.has(functionName), counted: 0, notCounted });
      continue;
    }
    const reasons = new Map<string, number>();
    let counted = 0;
    for (const [index, call] of calls.calls.entries()) {
      const place = { functionName, call, vaddr: calls.vaddrs[index] ?? 0, callVaddr: calls.callVaddrs[index] ?? 0 };
      const planned = builder.attempt(() =>
        left > 0 ? planCall(builder, place) : `more than ${maxInlinedCalls} inlined calls`,
      );
      const reason = planned.unavailable ?? planned.value;
      if (reason === undefined) {
        counted++;
        left--;
      } else {
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
    }
    const notCounted = [...reasons].map(([reason, places]) => ({ reason, places }));
    reports.push({ functionName, hasCode: traced.has(functionName), counted, notCounted });
  }
  return reports;
}

interface Place {
  readonly functionName: string;
  readonly call: number;
  readonly vaddr: number;
  readonly callVaddr: number;
}

/** Returns the reason if the call can't be counted. */
function planCall(builder: PlanBuilder, { functionName, call, vaddr, callVaddr }: Place): string | undefined {
  const { binary, finder } = builder;
  const into = binary.functionAt(vaddr);
  if (into === undefined) return 'the function that has its code is not in the function table';
  const site = finder.findInlined(into, call);
  if (site.value === undefined) return site.unavailable;
  const probe = builder.addProbe({
    description: {
      kind: 'function',
      functionName,
      inlined: { into: into.name, calledAt: builder.sourceLine(callVaddr) },
      scopeName: 'sidespan/function',
    },
    flags: 0,
  });
  builder.addInlined(into, site.value, probe);
  return undefined;
}
