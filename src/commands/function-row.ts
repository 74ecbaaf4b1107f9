import type { Found, GoBinary, GoFunction, SourceLine } from '../binary/go-binary.ts';
import type { GoSignature } from '../binary/go-type.ts';
import type { FunctionSites } from '../probe/site.ts';
import type { SiteFinder } from '../probe/site-finder.ts';
import { goSyntax } from './go-syntax.ts';
import type { Style } from './style.ts';

/** All that `sidespan functions` tells about one function. */
export interface FunctionRow {
  readonly name: string;
  /** Absent: pclntab doesn't say. */
  readonly source?: SourceLine | undefined;
  readonly signature: Found<GoSignature>;
  readonly sites: Found<FunctionSites & { readonly vaddr: number; readonly fileOffset: number }>;
}

/**
 * Looks at one function. What can't be read of it becomes a reason, so that one damaged entry doesn't hide the others.
 * @param untraceable why it is no target, if that is known already.
 */
export function functionRow(
  binary: GoBinary,
  sites: SiteFinder,
  fn: GoFunction,
  untraceable?: string | undefined,
): FunctionRow {
  const found = untraceable === undefined ? attempt(() => sites.find(fn)) : { unavailable: untraceable };
  return {
    name: fn.name,
    source: attempt(() => ({ value: binary.sourceLine(fn.entryVaddr) })).value,
    signature: attempt(() => binary.signature(fn)),
    sites:
      found.value === undefined
        ? found
        : attempt(() => {
            const vaddr = fn.entryVaddr + found.value.entry.offset;
            return { value: { ...found.value, vaddr, fileOffset: binary.fileOffset(vaddr) } };
          }),
  };
}

function attempt<T>(read: () => Found<T> | { readonly value: T }): Found<T> {
  try {
    return read() as Found<T>;
  } catch (error) {
    return { unavailable: error instanceof Error ? error.message : String(error) };
  }
}

/** One line for people: name, place, sites or the reason why there are none, signature. */
export function rowText(row: FunctionRow, style: Style): string {
  const { sites, signature, source } = row;
  const place = source === undefined ? 'no line known' : `${source.file}:${source.line}`;
  const { entry, exits } = sites.value ?? {};
  const returns = exits?.filter(({ kind }) => kind === 'return').length ?? 0;
  const jumps = (exits?.length ?? 0) - returns;
  const found =
    entry === undefined
      ? style.yellow(`not traceable: ${sites.unavailable}`)
      : `entry +0x${entry.offset.toString(16)} (${entry.why}), ${leaving(returns, jumps)}`;
  const types = signature.value === undefined ? '' : `  ${goSyntax(row.name, signature.value)}`;
  return `${style.bold(row.name)}  ${style.dim(place)}  ${found}${types}`;
}

function leaving(returns: number, jumps: number): string {
  if (returns + jumps === 0) return 'never returns';
  return `${count(returns, 'exit')}${jumps > 0 ? ` and ${count(jumps, 'tail jump')}` : ''}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** One object for programs. What is unknown is null and has a reason beside it. */
export function rowJson(row: FunctionRow): object {
  const { sites, signature, source } = row;
  const parameters = (list: GoSignature['parameters']) => list.map(({ name, type }) => ({ name, type: type.name }));
  return {
    name: row.name,
    file: source?.file ?? null,
    line: source?.line ?? null,
    traceable: sites.value !== undefined,
    ...(sites.value === undefined
      ? { unavailable: sites.unavailable }
      : {
          entry: {
            vaddr: `0x${sites.value.vaddr.toString(16)}`,
            fileOffset: sites.value.fileOffset,
            offset: sites.value.entry.offset,
            at: sites.value.entry.why,
            emulated: sites.value.entry.emulated,
          },
          exits: sites.value.exits.map(({ offset, kind }) => ({ offset, kind })),
        }),
    ...(signature.value === undefined
      ? { signature: null, signatureUnavailable: signature.unavailable }
      : {
          signature: goSyntax(row.name, signature.value),
          parameters: parameters(signature.value.parameters),
          results: parameters(signature.value.results),
        }),
  };
}
