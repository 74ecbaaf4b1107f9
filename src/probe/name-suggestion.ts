/** More would be noise in an error message. */
const maxSuggestions = 5;
/** Candidates compared by edit distance after the cheap tests. */
const maxCompared = 20_000;

/**
 * Function names that a pattern which matched nothing may have meant, nearest first. Compares the part after the last `/`
 * without regard to case, so that a wrong import path or capital letter still finds its function.
 */
export function nearestNames(pattern: string, names: Iterable<string>): string[] {
  const wanted = comparable(pattern.replaceAll('*', '').replaceAll('?', ''));
  if (wanted === '') return [];
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  const found: { name: string; distance: number }[] = [];
  const ownName = lastPart(wanted);
  let compared = 0;
  for (const name of new Set(names)) {
    const candidate = comparable(name);
    if (candidate === wanted || (ownName.length > 2 && lastPart(candidate) === ownName)) {
      found.push({ name, distance: candidate === wanted ? 0 : 1 });
      continue;
    }
    if (Math.abs(candidate.length - wanted.length) > limit || compared >= maxCompared) continue;
    compared += 1;
    const distance = editDistance(wanted, candidate, limit);
    if (distance <= limit) found.push({ name, distance: distance + 1 });
  }
  found.sort((a, b) => a.distance - b.distance || a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  return found.slice(0, maxSuggestions).map(({ name }) => name);
}

function comparable(name: string): string {
  const bracket = name.indexOf('[');
  const end = bracket < 0 ? name.length : bracket;
  return name
    .slice(name.lastIndexOf('/', end) + 1)
    .replaceAll('*', '')
    .toLowerCase();
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** Levenshtein distance; any number above `limit` stands for "too far". */
export function editDistance(a: string, b: string, limit: number): number {
  let previous = Uint16Array.from({ length: b.length + 1 }, (_, i) => i);
  let current = new Uint16Array(b.length + 1);
  for (let i = 1; i <= a.length; i++) {
    current[0] = i;
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1);
      const value = Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1);
      current[j] = value;
      if (value < best) best = value;
    }
    if (best > limit) return limit + 1;
    [previous, current] = [current, previous];
  }
  return previous[b.length] ?? 0;
}
