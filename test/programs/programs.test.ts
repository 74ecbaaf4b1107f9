/**
 * Real programs, started and driven for real: the calls of one function and the server spans against what was sent and
 * against the program's own counters. `npm run test:programs` runs all of them.
 */
import { after, test } from 'node:test';
import { DebianError } from '../support/debian.ts';
import { GoModuleError } from '../support/go-module.ts';
import { programs } from './programs.ts';
import { rowsText } from './result-table.ts';
import { obtain, type Row, traceProgram } from './trace-program.ts';

/** Unset: the quick ones; 'all'; or beginnings of names, separated by commas. */
const wanted = process.env.SIDESPAN_PROGRAMS;
const chosen = programs.filter(({ name, quick }) =>
  wanted === undefined ? quick : wanted === 'all' || wanted.split(',').some((begin) => name.startsWith(begin)),
);

const rows: Row[] = [];
after(() => console.log(rowsText(rows)));

for (const program of chosen) {
  test(program.name, { timeout: 600_000 }, async (context) => {
    const obtained = await obtain(program).catch((error: unknown) => {
      // Whoever asks for all of them may have no network; the quick ones are what is required.
      if (wanted === undefined || !(error instanceof DebianError || error instanceof GoModuleError)) throw error;
      context.skip(error.message);
    });
    if (obtained !== undefined) rows.push(await traceProgram(context, program, obtained));
  });
}
