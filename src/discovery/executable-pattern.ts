/** Longest pattern: PATH_MAX. */
const maxPatternLength = 4096;

/**
 * A test for SIDESPAN_TARGET_EXE: `*` matches any characters (also `/`), `?` one, all else itself. A pattern with a `/` is
 * compared with the whole path, one without with the file name.
 */
export function executablePattern(pattern: string): (exePath: string) => boolean {
  if (pattern.length > maxPatternLength) throw new RangeError(`pattern longer than ${maxPatternLength} characters`);
  const wholePath = pattern.includes('/');
  return (exePath) => glob(pattern, wholePath ? exePath : exePath.slice(exePath.lastIndexOf('/') + 1));
}

/** Greedy with one point to return to: time at most pattern × text, whatever the stars. */
function glob(pattern: string, text: string): boolean {
  let at = 0;
  let index = 0;
  let star = -1;
  let starIndex = 0;
  while (index < text.length) {
    if (pattern[at] === '*') {
      star = at;
      starIndex = index;
      at += 1;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[index])) {
      at += 1;
      index += 1;
    } else if (star !== -1) {
      starIndex += 1;
      index = starIndex;
      at = star + 1;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
