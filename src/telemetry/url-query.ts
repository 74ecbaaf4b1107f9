/** Parameters whose values the conventions of `url.query` want redacted; names are case-sensitive. */
const CREDENTIALS = new Set([
  'AWSAccessKeyId',
  'Signature',
  'X-Amz-Credential',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
  'X-Goog-Signature',
  'sig',
]);
const MAY_HAVE_CREDENTIALS = /AWSAccessKeyId|Signature|X-Amz-|sig/;

/** A query without its question mark, credentials replaced by `REDACTED`. */
export function redactedQuery(query: string): string {
  // Percent-encoded names mean the same to the server: `%73ig` is `sig`.
  if (!MAY_HAVE_CREDENTIALS.test(query) && !query.includes('%')) return query;
  return query
    .split('&')
    .map((parameter) => {
      const equals = parameter.indexOf('=');
      if (equals < 0) return parameter;
      const name = parameter.slice(0, equals);
      return CREDENTIALS.has(decoded(name)) ? `${name}=REDACTED` : parameter;
    })
    .join('&');
}

function decoded(name: string): string {
  if (!name.includes('%')) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
