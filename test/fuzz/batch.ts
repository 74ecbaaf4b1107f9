// A run of mutations, in a process of its own: node batch.ts QUESTION EXECUTABLE FIRST_SEED COUNT. Prints a BatchResult.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { functionRow, rowJson, rowText } from '../../src/commands/function-row.ts';
import { styleFor } from '../../src/commands/style.ts';
import { SiteFinder } from '../../src/probe/code/site-finder.ts';
import { functionPattern } from '../../src/probe/pattern.ts';
import { planProbes } from '../../src/probe/plan-probes.ts';
import { allPresets } from '../../src/probe/preset/presets.ts';
import { askEverything, binaryErrorOf, DamagedFile } from '../binary/damaged-file.ts';
import { damage, damageableRanges } from './damage.ts';

export interface BatchResult {
  /** Mutations after which the executable was refused as a whole. */
  readonly refused: number;
  readonly slowestMs: number;
  readonly maxRssMb: number;
  /** The mutation whose damage no BinaryError answered. */
  readonly failure?: { readonly seed: number; readonly error: string };
}

/** Of 2,000 to 4,000 functions every so many-th: most are read alike. */
const askedFunctions = 211;
const listedFunctions = 31;

/** Each gives false where the executable is refused as a whole. Anything but a BinaryError that is thrown is a failure. */
export const questions: Readonly<Record<string, (path: string) => boolean>> = {
  read: (path) => askEverything(path, askedFunctions) > 0,
  plan(path) {
    const error = binaryErrorOf(() => {
      using binary = openGoBinary(path);
      planProbes(binary, { patterns: [functionPattern('main.*')], presets: allPresets, maxFunctions: 20 });
    });
    return error === undefined;
  },
  list(path) {
    const style = styleFor({}, {});
    const error = binaryErrorOf(() => {
      using binary = openGoBinary(path);
      using sites = new SiteFinder(binary);
      let index = 0;
      for (const fn of binary.functions()) {
        if (index++ % listedFunctions !== 0) continue;
        // What can't be read of one function stands in its row, but for its name.
        binaryErrorOf(() => {
          const row = functionRow(binary, sites, fn, {});
          return `${rowText(row, style)} ${JSON.stringify(rowJson(row))}`;
        });
      }
    });
    return error === undefined;
  },
};

if (process.argv[1] === import.meta.filename) {
  const [question = '', path = '', first = '0', count = '0'] = process.argv.slice(2);
  const ask = questions[question];
  if (ask === undefined) throw new Error(`there is no question ${question}`);
  const ranges = damageableRanges(path);
  using file = new DamagedFile(path);
  let refused = 0;
  let slowestMs = 0;
  let failure: BatchResult['failure'];
  for (let seed = Number(first); seed < Number(first) + Number(count) && failure === undefined; seed++) {
    const start = performance.now();
    try {
      if (!file.with(damage(ranges, seed), () => ask(file.path))) refused++;
    } catch (error) {
      failure = { seed, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    slowestMs = Math.max(slowestMs, performance.now() - start);
    // What Node holds for data that could not be inflated goes between turns of its event loop only: 40 kB a section.
    await nextTurn();
  }
  const maxRssMb = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ refused, slowestMs, maxRssMb, ...(failure && { failure }) } satisfies BatchResult));
}
