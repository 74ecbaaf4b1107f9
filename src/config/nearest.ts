/** Longest name that is compared: the distance costs the product of both lengths. */
const maxComparedLength = 200;

/**
 * The candidates that resemble a mistyped name, best first: at most `limit`, none that differs in more than about a third
 * of its characters. Upper and lower case, `-`, `_` and `.` make little difference.
 */
export function nearestNames(name: string, candidates: Iterable<string>, limit = 3): string[] {
  const wanted = name.slice(0, maxComparedLength);
  const scored: { candidate: string; score: number }[] = [];
  for (const candidate of candidates) {
    const score = distance(wanted, candidate);
    if (score !== undefined) scored.push({ candidate, score });
  }
  scored.sort((a, b) => a.score - b.score || (a.candidate < b.candidate ? -1 : 1));
  return scored.slice(0, limit).map(({ candidate }) => candidate);
}

/** The one best candidate, if any resembles the name. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  return nearestNames(name, candidates, 1)[0];
}

/** Edits between the two, or undefined beyond the limit. */
function distance(wanted: string, candidate: string): number | undefined {
  const a = fold(wanted);
  const b = fold(candidate.slice(0, maxComparedLength));
  const limit = Math.max(2, Math.ceil(Math.max(a.length, b.length) / 3));
  if (a.length > 2 && (b.startsWith(a) || a.startsWith(b))) return Math.min(Math.abs(a.length - b.length), 1.5);
  if (a.length > 2 && b.includes(a)) return 1.75;
  if (Math.abs(a.length - b.length) > limit) return undefined;
  const edits = editDistance(a, b);
  return edits <= limit && edits < Math.max(a.length, b.length) ? edits : undefined;
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[-_.\s]/g, '');
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast = new Array<number>(b.length + 1).fill(0);
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, beforeLast[column - 2]! + 1);
      }
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
