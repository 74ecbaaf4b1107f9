/**
 * Name of a type or function as Go source has it, with full package paths. The linker's differ: dots and special
 * characters in the last element of a package path are written `%2e`
 * (https://github.com/golang/go/blob/go1.26.0/src/cmd/internal/objabi/path.go#L13), and types declared within a function
 * have a number behind a middle dot.
 */
export function sourceName(linkerName: string): string {
  if (!/[%·]/.test(linkerName)) return linkerName;
  return linkerName.replace(/(?:%[0-9a-f]{2})+/g, unescaped).replace(/·\d+/g, '');
}

function unescaped(escapes: string): string {
  try {
    return decodeURIComponent(escapes);
  } catch {
    // Not UTF-8, so not a package path: a struct tag that looks like one.
    return escapes;
  }
}

/** Name of a parameter or result; empty for those that the compiler named: `~p0` and `~r0` stand for none and for `_`. */
export function parameterName(linkerName: string): string {
  return /^(?:_|~[a-z]\d+)$/.test(linkerName) ? '' : linkerName;
}
