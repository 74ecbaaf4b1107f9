/** `npm run test:matrix`: every Go release by every way of building, as a table. `--help` lists the options. */
import { commandLine } from '../support/command-line.ts';
import { everyGoVersion, minorOf } from '../support/go-toolchain.ts';
import { matrixBuilds } from './builds.ts';
import { type CellResult, runCell } from './cell.ts';
import { gridText } from './grid.ts';

const usage = `npm run test:matrix -- [--go=1.15,1.27] [--build=default,'-s -w'] [--json | --markdown]
Builds a program for each Go release and way of building, traces it with the real agent, and says what was right.
Toolchains and programs are kept in the cache; the first run builds for about an hour, a later one takes ten minutes.
--markdown prints one table with a column for each release at the end. Exit code 1: a cell that should work does not.`;

const { values: options } = commandLine(usage, {
  options: {
    go: { type: 'string' },
    build: { type: 'string' },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
  },
});

const releases = chosen(options.go, everyGoVersion, 'Go release');
const names = chosen(
  options.build,
  matrixBuilds.map(({ name }) => name),
  'build',
);
const columns: readonly (readonly [heading: string, width: number, key: keyof CellResult])[] = [
  ['Go', 5, 'go'],
  ['build', 24, 'build'],
  ['', 8, 'state'],
  ['functions', 13, 'functions'],
  ['calls', 7, 'calls'],
  ['values', 7, 'values'],
  ['HTTP', 7, 'http'],
  ['gRPC', 6, 'grpc'],
  ['', 0, 'note'],
];

const results: CellResult[] = [];
const counts: Partial<Record<CellResult['state'], number>> = {};
const asTable = !options.json && !options.markdown;
if (asTable) printLine(columns.map(([heading]) => heading));
for (const go of releases) {
  const minor = minorOf({ version: `go${go}` });
  for (const build of matrixBuilds) {
    if (!names.includes(build.name) || minor < build.firstMinor || minor > build.lastMinor) continue;
    const result = await runCell(go, build);
    counts[result.state] = (counts[result.state] ?? 0) + 1;
    results.push(result);
    if (options.json) console.log(JSON.stringify(result));
    if (asTable) printLine(columns.map(([, , key]) => result[key]));
  }
}
if (options.markdown) console.log(gridText(results));
const sum = Object.entries(counts).map(([state, count]) => `${count} ${state}`);
console.error(sum.join(', '));
process.exitCode = counts.failed === undefined ? 0 : 1;

function printLine(cells: readonly string[]): void {
  const padded = cells.map((cell, index) => cell.padEnd(columns[index]?.[1] ?? 0));
  console.log(padded.join(' ').trimEnd());
}

function chosen<T extends string>(given: string | undefined, all: readonly T[], what: string): readonly T[] {
  if (given === undefined) return all;
  return given.split(',').map((name) => {
    const known = all.find((candidate) => candidate === name);
    if (known === undefined) {
      console.error(`no ${what} ${name}. There are: ${all.join(', ')}`);
      process.exit(2);
    }
    return known;
  });
}
