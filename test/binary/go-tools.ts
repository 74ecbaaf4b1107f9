/** What Go's own tools say about an executable: the oracles for src/binary. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { allGoVersions, goTarget, goToolchain } from '../support/go-target.ts';

const run = promisify(execFile);

/** Every way of building that the reader must cope with; the first is the oracle of the exes, `pie` that of the PIEs. */
export const variants = {
  default: {},
  'no DWARF': { ldflags: '-w' },
  stripped: { ldflags: '-s -w' },
  pie: { buildmode: 'pie' },
  'stripped pie': { buildmode: 'pie', ldflags: '-s -w' },
} as const;

export type VariantName = keyof typeof variants;

/** Go versions that the tests build with. */
export const goVersions = allGoVersions;

/** One for each older form of the tables, and the newest; `plain` is what they are tested with, the others with `values`. */
export const olderForms = ['1.15', '1.16', '1.17', '1.18'] as const;
const newest = '1.27';

/** Every build that the reader is tested with. */
export const everyBuild: readonly (readonly [go: string, variant: VariantName])[] = [
  ...olderForms.flatMap((go) => [[go, 'default'] as const, [go, 'stripped pie'] as const]),
  ...goVersions.flatMap((go) => (Object.keys(variants) as VariantName[]).map((variant) => [go, variant] as const)),
  [newest, 'default'],
  [newest, 'stripped pie'],
];

/** Go versions of all builds. */
export const everyVersion: readonly string[] = [...olderForms, ...goVersions, newest];

/** A program built in that way, and its twin with symbols and DWARF, which has the same addresses. */
export async function build(go: string, variant: VariantName): Promise<{ path: string; twin: string }> {
  const program = (olderForms as readonly string[]).includes(go) ? 'plain' : 'values';
  const path = await goTarget(program, { go, ...variants[variant] });
  const twin = await goTarget(program, { go, ...(variant.endsWith('pie') ? variants.pie : variants.default) });
  return { path, twin };
}

/** A text symbol of the symbol table. */
export interface TextSymbol {
  readonly name: string;
  readonly vaddr: number;
  readonly sizeBytes: number;
}

/** `go tool nm`: the text symbols in order of address. */
export async function textSymbols(path: string): Promise<TextSymbol[]> {
  const { go } = await goToolchain();
  const { stdout } = await run(go, ['tool', 'nm', '-n', '-size', path], { maxBuffer: 256 << 20 });
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*([0-9a-f]+)\s+(\d+)\s+[Tt]\s(.*)$/.exec(line);
    if (match === null) return [];
    const [, vaddr = '', size = '', name = ''] = match;
    return [{ name, vaddr: Number.parseInt(vaddr, 16), sizeBytes: Number(size) }];
  });
}

/** `go tool addr2line`: `file:line` of each address, `?` where it knows none (padding behind a function's last line). */
export async function sourceLines(path: string, vaddrs: readonly number[]): Promise<string[]> {
  const { go } = await goToolchain();
  const child = spawn(go, ['tool', 'addr2line', path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const output = text(child.stdout);
  child.stdin.end(vaddrs.map((vaddr) => `0x${vaddr.toString(16)}\n`).join(''));
  const [lines] = await Promise.all([output, once(child, 'close')]);
  // Two lines for each address: the function's name, then file:line.
  const places = lines
    .trimEnd()
    .split('\n')
    .filter((_, index) => index % 2 === 1);
  return places.map((place) => (place === ':-1' ? '?' : place));
}

/** A struct as debug/dwarf reads it. */
export interface StructFacts {
  readonly name: string;
  readonly sizeBytes: number;
  readonly fields: readonly (readonly [name: string, offsetBytes: number, type: string, embedded: boolean])[];
}

/** All structs in an executable's DWARF, read by Go's debug/dwarf. */
export async function structs(path: string): Promise<StructFacts[]> {
  const { stdout } = await run(await goTarget('dwarffacts'), [path], { maxBuffer: 256 << 20 });
  return stdout.split('\n').flatMap((line): StructFacts[] => {
    if (!line.startsWith('["struct"')) return [];
    const [, name, sizeBytes, fields] = JSON.parse(line);
    return [{ name, sizeBytes, fields }];
  });
}

/** `go version -m`, a line each. */
export async function versionLines(path: string): Promise<string[]> {
  const { go } = await goToolchain();
  const { stdout } = await run(go, ['version', '-m', path]);
  return stdout.split('\n').filter((line) => line !== '');
}
