/** What scripts/measure-go-layouts runs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { structs } from '../binary/go-tools.ts';
import { goTarget } from '../support/go-target.ts';
import { everyGoVersion } from '../support/go-toolchain.ts';

const tableFile = join(import.meta.dirname, '..', '..', 'src', 'binary', 'runtime-offsets.ts');

/** Type and field; the table has those that a release has. */
const wanted = [
  ['runtime.g', 'stack'],
  ['runtime.g', '_panic'],
  ['runtime.g', 'goid'],
  ['runtime.g', 'sigcode0'],
  ['runtime.g', 'waitreason'],
  ['runtime.stack', 'hi'],
  ['runtime._panic', 'fp'],
] as const;

const write = process.argv.includes('--write');
const named = process.argv.slice(2).filter((argument) => argument !== '--write');
const rows: string[] = [];
for (const go of named.length > 0 ? named : everyGoVersion) {
  const path = await goTarget('plain', { go });
  const dwarf = new Map((await structs(path)).map(({ name, fields }) => [name, fields]));
  using binary = openGoBinary(path);
  const cells: string[] = [];
  for (const [type, field] of wanted) {
    const byDwarf = dwarf.get(type)?.find(([name]) => name === field)?.[1];
    const byDescriptor = binary.runtimeType(type)?.fields?.find(({ name }) => name === field)?.offsetBytes;
    if (byDwarf !== byDescriptor) {
      console.error(`Go ${go}: ${type}.${field} is at ${byDwarf} by DWARF, at ${byDescriptor} by its descriptor`);
      process.exitCode = 1;
    }
    if (byDwarf !== undefined) cells.push(`'${type}.${field}': ${byDwarf}`);
  }
  rows.push(`  // ${binary.buildInfo.goVersion}\n  ${/\.(\d+)/.exec(go)?.[1]}: { ${cells.join(', ')} },`);
  if (!write) console.log(rows.at(-1));
}
if (write && process.exitCode === undefined) writeFileSync(tableFile, tableText(rows));

function tableText(lines: readonly string[]): string {
  return `/**
 * Offsets in structs of Go's runtime, by the minor release of Go 1. Written by scripts/measure-go-layouts; not by hand.
 *
 * The last resort: every Go program describes these structs itself, and offsets have changed within a minor release.
 */
// biome-ignore format: a row is a release
const runtimeOffsets: Readonly<Record<number, Readonly<Record<string, number>>>> = {
${lines.join('\n')}
};

/** The offset of \`runtime.g.goid\` and the like in a release; undefined for one that was not measured. */
export function measuredOffset(minor: number, field: string): number | undefined {
  return runtimeOffsets[minor]?.[field];
}
`;
}
