/** Wraps text in terminal colours, or doesn't. */
export interface Style {
  readonly colored: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
  cyan(text: string): string;
}

/** SGR parameters (ECMA-48 §8.3.117): on, off. */
const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Colours for a stream: on a terminal that can show them, unless NO_COLOR is set and not empty; FORCE_COLOR wins over
 * both (`0` and `false` mean none).
 */
export function styleFor(stream: { readonly isTTY?: boolean }, env: Environment): Style {
  const colored = wantsColor(stream, env);
  const paint = (name: keyof typeof codes) => {
    const [on, off] = codes[name];
    return (text: string) => (colored && text !== '' ? `\x1b[${on}m${text}\x1b[${off}m` : text);
  };
  return {
    colored,
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
    blue: paint('blue'),
    cyan: paint('cyan'),
  };
}

function wantsColor(stream: { readonly isTTY?: boolean }, env: Environment): boolean {
  const force = env['FORCE_COLOR'];
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  if (env['NO_COLOR']) return false;
  return stream.isTTY === true && env['TERM'] !== 'dumb' && env['TERM'] !== undefined;
}
