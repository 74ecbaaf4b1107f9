/** More would be noise in an error message. */
const maxSuggestions = 5;
/** Beyond, two names have nothing in common. */
const maxNameDistance = 60;
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
    if (isGenerated(name)) continue;
    const candidate = comparable(name);
    if (candidate === wanted) {
      found.push({ name, distance: 0 });
      continue;
    }
    if (ownName.length > 2 && lastPart(candidate) === ownName) {
      // The same function or method of something else: the more alike that is, the nearer.
      const farther = editDistance(wanted, candidate, maxNameDistance) / (maxNameDistance + 2);
      found.push({ name, distance: candidate.endsWith(`.${wanted}`) ? 0.1 : 0.2 + farther });
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

/** Without import path and type arguments: nobody writes `[go.shape.int]`. */
function comparable(name: string): string {
  const plain = name.replace(/\[.*\]/, '');
  return plain
    .slice(plain.lastIndexOf('/') + 1)
    .replaceAll('*', '')
    .toLowerCase();
}

/** Equality and hash functions, which the compiler makes. */
function isGenerated(name: string): boolean {
  return name.startsWith('type:') || name.startsWith('type..');
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
