/** Compares much, prints what was compared, and fails on any disagreement (`npm run test:truth`). */
import { spawnSync } from 'node:child_process';
import { commandLine, endWithUsage } from '../support/command-line.ts';
import { startPostgres } from '../support/postgres.ts';
import { textTable } from '../support/text-table.ts';
import type { BinaryTruth } from './binary-truth.ts';
import { compareFloats } from './compare-floats.ts';
import { goTestReport } from './compare-go-tests.ts';
import { ownMetricReport } from './compare-own-programs.ts';
import { compareParents, type ParentOptions, parentTable, parentWays } from './compare-parents.ts';
import { comparePlaces } from './compare-places.ts';
import { compareSites } from './compare-sites.ts';
import { compareSpans, spanTable } from './compare-spans.ts';
import { countTable, isDifferent } from './own-metrics.ts';
import { traceInlined } from './trace-inlined.ts';
import { traceRandomValues } from './trace-values.ts';

const usage = `npm run test:truth -- WHAT [--seed N] [--versions 1.19,1.26] …
Compares much, prints what was compared, and exits with 1 on any disagreement:
  npm run test:truth -- values --versions 1.19,1.26 --functions 2000 --seed 7   many random programs
  npm run test:truth -- values --gcflags 'all=-N -l'                            of code that is not optimized
  npm run test:truth -- values --stripped                                       types by the signatures that people write
  npm run test:truth -- inlined --versions 1.19,1.27 --functions 300            calls that the compiler inlined
  npm run test:truth -- libraries                                               every release of the libraries in test/targets
  npm run test:truth -- parents --requests 20000 --versions 1.26,1.27           of calls, beside the OpenTelemetry SDK's
  npm run test:truth -- differential --requests 4000 --seed 7                   of spans, beside otelhttp's, otelgrpc's and otelsql's
  npm run test:truth -- own-metrics --requests 4000 --seed 7                    of calls, beside programs' own metrics
  npm run test:truth -- go-tests                  Go's own tests of net/http and grpc-go's, with and without Sidespan
  npm run test:truth -- sites BINARY…   sites of every function beside the Go disassembler's and pclntab's word
  npm run test:truth -- places BINARY…  where arguments are at entry, beside DWARF's word
  npm run test:truth -- floats BINARY…  of how many functions all can be read, and SP at the sites for floats
--versions takes Go releases, --keep a folder for the programs that \`values\` makes.`;

const { values, positionals } = commandLine(usage, {
  allowPositionals: true,
  options: {
    versions: { type: 'string', default: '' },
    functions: { type: 'string', default: '2000' },
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    keep: { type: 'string' },
    gcflags: { type: 'string' },
    stripped: { type: 'boolean', default: false },
  },
});

const [what, ...binaries] = positionals;
const comparisons: Readonly<Record<string, (path: string) => Promise<BinaryTruth>>> = {
  sites: compareSites,
  places: comparePlaces,
  floats: compareFloats,
};
const compare = comparisons[what ?? ''];
if (
  compare === undefined
    ? !/^(values|inlined|parents|libraries|differential|own-metrics|go-tests)$/.test(what ?? '') || binaries.length > 0
    : binaries.length === 0
) {
  endWithUsage(usage, 'test:truth: say what to run, and with sites, places and floats of which executables');
}

/** Tests that take two releases of a library, or all of them (test/support/library-releases.ts). */
const libraryTests = ['grpc-server', 'grpc-client'].map((name) => `test/kernel/${name}.test.ts`);
if (what === 'libraries') {
  const env = { ...process.env, SIDESPAN_TEST_LIBRARIES: 'all' };
  const args = ['--test', '--test-concurrency=1', ...libraryTests];
  process.exit(spawnSync(process.execPath, args, { env, stdio: 'inherit' }).status ?? 1);
}

const maxShown = 40;
let failed = false;
for (const path of binaries) {
  if (compare === undefined) break;
  const { functions, counts, mismatches } = await compare(path);
  process.stdout.write(`${path}: ${functions} functions, ${mismatches.length} mismatches\n`);
  for (const [name, count] of [...counts].sort()) process.stdout.write(`${String(count).padStart(10)}  ${name}\n`);
  for (const line of mismatches.slice(0, maxShown)) process.stdout.write(`  ${line}\n`);
  failed ||= mismatches.length > 0;
}
const versions = values.versions === '' ? [undefined] : values.versions.split(',');
for (const go of what === 'values' ? versions : []) {
  const seed = Number(values.seed);
  const { functions, calls, tally } = await traceRandomValues({
    go,
    gcflags: values.gcflags,
    stripped: values.stripped,
    functions: Number(values.functions),
    seed,
    folder: values.keep,
  });
  const said = [...tally.said].map(([reason, count]) => `${count} ${reason}`).join(', ') || 'nothing';
  process.stdout.write(
    `go ${go ?? 'installed'} seed ${seed}: ${functions} functions, ${calls} calls, ${tally.right} values right (${tally.floats} floats), ` +
      `${tally.wrong.length} wrong; said: ${said}\n`,
  );
  for (const line of tally.wrong.slice(0, maxShown)) process.stdout.write(`  ${line}\n`);
  failed ||= tally.wrong.length > 0;
}
for (const go of what === 'parents' ? versions : []) {
  for (const mode of ['context', 'start'] as const) {
    // In the mode `start` goroutines without a context may be taken for those of who started them: shown, and no failure.
    const options: Omit<ParentOptions, 'ways'> = {
      mode,
      go,
      requests: Number(values.requests),
      concurrent: 32,
      seed: Number(values.seed),
    };
    const endings: (() => unknown)[] = [];
    const ended = { after: (end: unknown) => void endings.push(end as () => unknown) };
    const truth = await compareParents(ended, { ...options, ways: parentWays });
    for (const end of endings.reverse()) await end();
    process.stdout.write(
      `go ${go ?? 'installed'}, ${mode}, seed ${values.seed}: ${truth.calls} calls\n${textTable(parentTable(truth))}\n`,
    );
    for (const line of truth.wrong.slice(0, maxShown)) process.stdout.write(`  ${line}\n`);
    failed ||= truth.wrong.some((line) => mode === 'context' || !line.startsWith('plaingrowing'));
  }
}
for (const go of what === 'differential' ? versions : []) {
  const seed = Number(values.seed);
  const endings: (() => unknown)[] = [];
  const ended = { after: (end: unknown) => void endings.push(end as () => unknown) };
  const { dsn } = await startPostgres(ended);
  for (const { kind, args } of [
    { kind: 'http', args: [] },
    { kind: 'grpc', args: [] },
    { kind: 'sql', args: ['-driver', 'pgx', '-dsn', dsn] },
    { kind: 'sql', args: ['-driver', 'postgres', '-dsn', dsn] },
  ] as const) {
    const truth = await compareSpans(ended, { calls: Number(values.requests), kind, args, seed, go });
    process.stdout.write(
      `${kind} ${args[1] ?? ''}, go ${go ?? 'installed'} seed ${seed}: ${truth.pairs} pairs of spans\n${textTable(spanTable(truth))}\n`,
    );
    for (const line of truth.unexplained.slice(0, maxShown)) process.stdout.write(`  ${line}\n`);
    failed ||= truth.unexplained.length > 0;
  }
  for (const end of endings.reverse()) await end();
}
if (what === 'own-metrics') {
  for await (const { name, rows } of ownMetricReport({ calls: Number(values.requests), seed: Number(values.seed) })) {
    const different = rows.filter(isDifferent);
    process.stdout.write(`${name}: ${rows.length} counts, ${different.length} different\n`);
    if (different.length > 0) process.stdout.write(`${textTable(countTable(different))}\n`);
    failed ||= different.length > 0;
  }
}
if (what === 'go-tests') {
  for await (const { line, isSame } of goTestReport()) {
    process.stdout.write(`${line}\n`);
    failed ||= !isSame;
  }
}
for (const go of what === 'inlined' ? versions : []) {
  const seed = Number(values.seed);
  const endings: (() => unknown)[] = [];
  const functions = Number(values.functions);
  const truth = await traceInlined(
    { after: (end) => void endings.push(end as () => unknown) },
    { go, functions, seed, gcflags: values.gcflags, folder: values.keep },
  );
  for (const end of endings.reverse()) await end();
  const { copies, counted, compared, calls, reasons, wrong } = truth;
  const share = ((100 * counted) / copies).toFixed(1);
  process.stdout.write(
    `go ${go ?? 'installed'} seed ${seed}: ${copies} inlined calls, ${share} % counted; ${compared} compared, ${calls} calls, ${wrong.length} wrong\n`,
  );
  for (const [reason, places] of reasons) process.stdout.write(`${String(places).padStart(10)}  ${reason}\n`);
  for (const line of wrong.slice(0, maxShown)) process.stdout.write(`  ${line}\n`);
  failed ||= wrong.length > 0;
}
process.exit(failed ? 1 : 0);
