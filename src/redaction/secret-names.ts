/**
 * Names behind which secrets stand, as globs: of parameters, fields, map keys, headers, query parameters. Case, `_` and
 * `-` make no difference: `api_key`, `apiKey` and `X-Api-Key` are one.
 */
export const usualSecretNames: readonly string[] = [
  ...['*password*', '*passwd*', '*passphrase*', 'pwd', '*userpwd', '*dbpwd', 'pass', '*secret*', '*token*', '*jwt*'],
  ...['*authorization*', 'auth', '*authheader*', '*cookie*', '*apikey*', '*accesskey*', '*privatekey*', '*privkey*'],
  ...['*signingkey*', '*encryptionkey*', '*credential*', 'creds', 'session', '*sessionid*', '*sessionkey*', 'sid'],
  // What the conventions of `url.query` name.
  ...['sig', 'signature', 'x-amz-signature', 'x-goog-signature', 'awsaccesskeyid'],
];

/** Names are asked for again and again; those of a hostile program are without end. */
const maxRemembered = 4096;

/** Whether a name is one of these globs. */
export function nameMatcher(globs: readonly string[]): (name: string) => boolean {
  if (globs.length === 0) return () => false;
  const pattern = new RegExp(`^(?:${globs.map(globSource).join('|')})$`);
  const known = new Map<string, boolean>();
  return (name) => {
    let matches = known.get(name);
    if (matches === undefined) {
      matches = pattern.test(plainName(name));
      if (known.size >= maxRemembered) known.clear();
      known.set(name, matches);
    }
    return matches;
  };
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}

function globSource(glob: string): string {
  return plainName(glob).split('*').map(escaped).join('.*');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
