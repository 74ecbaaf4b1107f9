import type { PlanReport } from './probe-plan.ts';

/** How many of many are named one by one. */
const maxNamed = 5;

/** What a plan could not do for the user's patterns, a line each: functions that can't be traced, patterns without a match. */
export function planProblems(report: PlanReport): string[] {
  return [
    ...unmatchedLines(report),
    ...limitLine(report),
    ...untraceableLines(report),
    ...endlessLine(report),
    ...inlinedLines(report),
    ...report.notes,
  ];
}

function inlinedLines({ inlined }: PlanReport): string[] {
  const counted = inlined.filter((report) => report.counted > 0);
  const lines: string[] = [];
  if (counted.length > 0) {
    const named = counted.map(({ functionName, counted: count }) => `${functionName} (${places(count)})`);
    lines.push(
      `Inlined by the compiler, so counted without arguments, results and duration: ${someOf(named)}; \`sidespan functions\` lists where.`,
    );
  }
  const byReason = new Map<string, string[]>();
  for (const { functionName, hasCode, counted: count, notCounted } of inlined) {
    for (const { reason, places: number } of notCounted) {
      const text = `${functionName} (${hasCode || count > 0 ? places(number) : 'all calls'})`;
      byReason.set(reason, [...(byReason.get(reason) ?? []), text]);
    }
  }
  for (const [reason, named] of byReason) lines.push(`Inlined, not counted: ${someOf(named)}: ${reason}.`);
  return lines;
}

function places(count: number): string {
  return count === 1 ? '1 place' : `${count} places`;
}

function unmatchedLines({ unmatched }: PlanReport): string[] {
  return unmatched.map(({ pattern, nearest }) => {
    const suggestion =
      nearest.length > 0 ? `Nearest: ${nearest.join(', ')}.` : '`sidespan functions` lists what there is.';
    return `${pattern} matches no function. ${suggestion}`;
  });
}

function limitLine({ matched, taken }: PlanReport): string[] {
  if (taken >= matched) return [];
  return [
    `The patterns match ${matched} functions; the first ${taken} are traced. Narrow the patterns, or raise SIDESPAN_MAX_FUNCTIONS.`,
  ];
}

function untraceableLines({ untraceable }: PlanReport): string[] {
  const byReason = new Map<string, string[]>();
  for (const { functionName, reason } of untraceable) {
    byReason.set(reason, [...(byReason.get(reason) ?? []), functionName]);
  }
  return [...byReason].map(([reason, names]) => `Not traced: ${someOf(names)}: ${reason}.`);
}

function endlessLine({ neverReturning }: PlanReport): string[] {
  if (neverReturning.length === 0) return [];
  return [
    `Traced at entry only, as it never returns: ${someOf(neverReturning)}. A call ends by a panic or Goexit, or runs on.`,
  ];
}

function someOf(names: readonly string[]): string {
  const more = names.length > maxNamed ? ` and ${names.length - maxNamed} more` : '';
  return `${names.slice(0, maxNamed).join(', ')}${more}`;
}
