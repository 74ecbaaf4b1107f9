/**
 * `npm run test:truth -- values --versions 1.19,1.26 --functions 2000 --seed 7`: many random programs; prints what each
 * gave, and fails on any disagreement.
 */
import { parseArgs } from 'node:util';
import { traceRandomValues } from './trace-values.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    versions: { type: 'string', default: '' },
    functions: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    keep: { type: 'string' },
  },
});

if (positionals.length !== 1 || positionals[0] !== 'values') {
  process.stderr.write('test:truth: say what to run: values\n');
  process.exit(2);
}

const maxShown = 40;
let failed = false;
for (const go of values.versions === '' ? [undefined] : values.versions.split(',')) {
  const seed = Number(values.seed);
  const { functions, calls, tally } = await traceRandomValues({
    go,
    functions: Number(values.functions),
    seed,
    folder: values.keep,
  });
  const said = [...tally.said].map(([reason, count]) => `${count} ${reason}`).join(', ') || 'nothing';
  process.stdout.write(
    `go ${go ?? 'installed'} seed ${seed}: ${functions} functions, ${calls} calls, ${tally.right} values right, ` +
      `${tally.wrong.length} wrong; said: ${said}\n`,
  );
  for (const line of tally.wrong.slice(0, maxShown)) process.stdout.write(`  ${line}\n`);
  failed ||= tally.wrong.length > 0;
}
process.exit(failed ? 1 : 0);
