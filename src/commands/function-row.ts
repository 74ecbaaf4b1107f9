import type { Found, GoBinary, GoFunction, SourceLine } from '../binary/go-binary.ts';
import type { InlinedSite } from '../probe/code/inlined-site.ts';
import type { InlinedSites } from '../probe/code/inlined-sites.ts';
import type { FunctionSites } from '../probe/code/site.ts';
import type { SiteFinder } from '../probe/code/site-finder.ts';
import { type FunctionRole, functionName } from '../probe/function-name.ts';
import type { InlinedPlaces } from '../probe/select-functions.ts';
import { type FunctionTypes, functionTypes, type SourcedValue } from '../probe/signature/function-types.ts';
import type { SignatureSyntax } from '../probe/signature/type-syntax.ts';
import { goSyntax } from './go-syntax.ts';
import type { Style } from './style.ts';

/** Functions named one by one on a line. */
const maxNamed = 3;

/** All that `sidespan functions` tells about one function. */
export interface FunctionRow {
  readonly name: string;
  /** Absent: pclntab doesn't say. */
  readonly source?: SourceLine | undefined;
  readonly role: FunctionRole;
  readonly inlined: readonly InlinedPlace[];
  readonly types: Found<FunctionTypes>;
  readonly sites: Found<FunctionSites & { readonly vaddr: number; readonly fileOffset: number }>;
}

/** A call that has become part of another function. */
export interface InlinedPlace {
  readonly into: GoFunction | undefined;
  readonly vaddr: number;
  /** Where the call stands in the source. Read when it is asked for. */
  readonly calledAt: () => SourceLine | undefined;
  /** Where it is counted, or why it can't be; undefined: nobody looked. */
  readonly site: Found<InlinedSite> | undefined;
}

/** What is known of a function before it is looked at. */
export interface KnownOfFunction {
  /** Why it is no target. */
  readonly untraceable?: string | undefined;
  /** The signature that the user gave. */
  readonly written?: SignatureSyntax | undefined;
  readonly inlined?: InlinedPlaces | undefined;
  /** Where its inlined calls can be counted; undefined: nobody looked. */
  readonly inlinedSites?: InlinedSites | undefined;
}

/** Looks at one function. What can't be read of it becomes a reason, so that one damaged entry doesn't hide the others. */
export function functionRow(binary: GoBinary, sites: SiteFinder, fn: GoFunction, known: KnownOfFunction): FunctionRow {
  const { untraceable, written } = known;
  const found = untraceable === undefined ? attempt(() => sites.find(fn)) : { unavailable: untraceable };
  const place = found.value ?? attempt(() => sites.findEntry(fn)).value;
  return {
    name: fn.name,
    role: functionName(fn.name).role,
    inlined: placesOf(binary, fn.name, known),
    source: attempt(() => ({ value: binary.sourceLine(fn.entryVaddr) })).value,
    types: attempt(() => ({ value: functionTypes(binary, fn, place, written) })),
    sites:
      found.value === undefined
        ? found
        : attempt(() => {
            const vaddr = fn.entryVaddr + found.value.entry.offset;
            return { value: { ...found.value, vaddr, fileOffset: binary.fileOffset(vaddr) } };
          }),
  };
}

/** A function that has no code of its own. */
export function inlinedRow(binary: GoBinary, name: string, known: KnownOfFunction): FunctionRow {
  const unavailable = { unavailable: 'the compiler inlined every call of it' };
  const { role } = functionName(name);
  return { name, role, inlined: placesOf(binary, name, known), types: unavailable, sites: unavailable };
}

function placesOf(binary: GoBinary, name: string, { inlined, inlinedSites }: KnownOfFunction): InlinedPlace[] {
  return (inlined?.vaddrs ?? []).map((vaddr, index) => {
    const into = binary.functionAt(vaddr);
    return {
      into,
      vaddr,
      calledAt: () => attempt(() => ({ value: binary.sourceLine(inlined?.callVaddrs[index] ?? vaddr) })).value,
      site: inlinedSites?.at(name, index),
    };
  });
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
  const { sites, types, source } = row;
  const place = source === undefined ? 'no line known' : `${source.file}:${source.line}`;
  const { entry, exits } = sites.value ?? {};
  const returns = exits?.filter(({ kind }) => kind === 'return').length ?? 0;
  const jumps = (exits?.length ?? 0) - returns;
  const found =
    entry === undefined
      ? style.yellow(`not traceable: ${sites.unavailable}`)
      : `entry +0x${entry.offset.toString(16)} (${entry.why}), ${leaving(returns, jumps)}`;
  const signature = types.value === undefined ? '' : `  ${signatureText(row.name, types.value)}`;
  return `${style.bold(row.name)}  ${style.dim(place)}  ${found}${signature}${inlinedText(row.inlined)}`;
}

/** Into which functions, the first of them by name. */
function inlinedText(calls: readonly InlinedPlace[]): string {
  if (calls.length === 0) return '';
  const functions = new Map(calls.map(({ into }) => [into?.entryVaddr, into]));
  const names = [...new Set([...functions.values()].map((into) => into?.name ?? '?'))];
  const more = names.length > maxNamed ? ` and ${names.length - maxNamed} more` : '';
  const uncounted = calls.filter(({ site }) => site?.unavailable !== undefined).length;
  const uncountedText =
    uncounted === 0 ? '' : uncounted === calls.length ? ', can not be counted' : `, ${uncounted} can not be counted`;
  return `  inlined in ${count(calls.length, 'place')}${uncountedText}: into ${names.slice(0, maxNamed).join(', ')}${more}`;
}

/** The signature, and what told it, if that was not the debug information. */
function signatureText(name: string, { signature, source, parameters }: FunctionTypes): string {
  if (source === 'dwarf' && signature.value) {
    const { resultsUnavailable: unknown } = signature.value;
    return goSyntax(name, signature.value) + (unknown === undefined ? '' : `  (results unknown: ${unknown})`);
  }
  if (signature.value) return `${goSyntax(name, signature.value)} (by ${source})`;
  // What is in a register at the end is seldom a result.
  return source === 'arginfo' ? `${goSyntax(name, { parameters, results: [] })} (by arginfo)` : '';
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
  const { sites, types, source } = row;
  return {
    name: row.name,
    role: row.role,
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
    ...(row.inlined.length > 0 && {
      inlined: row.inlined.map(inlinedJson),
    }),
    ...(types.value === undefined
      ? { signature: null, signatureUnavailable: types.unavailable }
      : typesJson(row.name, types.value)),
  };
}

function inlinedJson({ into, calledAt, vaddr, site }: InlinedPlace): object {
  const { file = null, line = null } = calledAt() ?? {};
  const place = { into: into?.name ?? null, file, line, vaddr: hexOf(vaddr) };
  if (site === undefined || into === undefined) return place;
  if (site.value === undefined) return { ...place, countable: false, unavailable: site.unavailable };
  const { offset, why, emulated } = site.value;
  return { ...place, countable: true, site: { vaddr: hexOf(into.entryVaddr + offset), at: why, emulated } };
}

function hexOf(vaddr: number): string {
  return `0x${vaddr.toString(16)}`;
}

/** What told each type stands in it where that is not what told most of them. */
function typesJson(name: string, { signature, source, parameters, results, problem }: FunctionTypes): object {
  const list = (values: readonly SourcedValue[]) =>
    values.map((value) => ({
      name: value.name,
      type: value.type.name,
      ...(value.source === source ? {} : { source: value.source }),
    }));
  return {
    signature: signature.value === undefined ? null : goSyntax(name, signature.value),
    ...(signature.value === undefined && { signatureUnavailable: signature.unavailable }),
    ...(problem !== undefined && { signatureProblem: problem }),
    source,
    parameters: list(parameters),
    results: list(results),
  };
}
