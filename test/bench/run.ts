import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { commandLine, endWithUsage } from '../support/command-line.ts';
import { attaching } from './attaching.ts';
import { binaries } from './binaries.ts';
import { delay, start, stop } from './delays.ts';
import { type Figure, numberText, reached, tableText } from './figure.ts';
import { functions } from './functions.ts';
import { grpcHits } from './grpc-hits.ts';
import { latency } from './latency.ts';
import { otherLoad, thisMachine } from './machine.ts';
import { requests } from './requests.ts';
import { ring } from './ring.ts';
import { spans } from './spans.ts';
import { throughput } from './throughput.ts';
import { together } from './together.ts';
import { unsampled } from './unsampled.ts';

// Measures Sidespan on real processes, one thing after the other; asserts nothing.
//   npm run bench [-- [--quick] [--json] [NAME…]]

interface Measurement {
  readonly about: string;
  readonly seconds: number;
  readonly quickSeconds: number;
  readonly run: (quick: boolean) => Promise<Figure[]>;
}

const measurements: Readonly<Record<string, Measurement>> = {
  requests: { about: 'HTTP/1.1 requests: hits, CPU, accounting', seconds: 45, quickSeconds: 15, run: requests },
  grpc: { about: 'hits per gRPC call', seconds: 12, quickSeconds: 8, run: grpcHits },
  unsampled: { about: 'HTTP/1.1 requests that are not sampled', seconds: 35, quickSeconds: 14, run: unsampled },
  together: {
    about: 'service and agent beside the OpenTelemetry Go SDK',
    seconds: 55,
    quickSeconds: 25,
    run: together,
  },
  spans: { about: 'agent CPU and memory for each exported span', seconds: 60, quickSeconds: 40, run: spans },
  throughput: { about: '50,000 spans a second', seconds: 18, quickSeconds: 10, run: throughput },
  latency: { about: 'p99 of the service at half its saturation load', seconds: 35, quickSeconds: 16, run: latency },
  delay: { about: 'request end to arrival at the receiver', seconds: 18, quickSeconds: 6, run: delay },
  start: { about: 'agent start to first span', seconds: 40, quickSeconds: 8, run: start },
  stop: { about: 'SIGTERM to a service without probes', seconds: 30, quickSeconds: 6, run: stop },
  functions: { about: 'calls of user functions', seconds: 75, quickSeconds: 15, run: functions },
  binaries: {
    about: 'large executables: listing functions, planning a trace',
    seconds: 40,
    quickSeconds: 3,
    run: binaries,
  },
  attaching: { about: 'probes of 1,000 functions into a running process', seconds: 6, quickSeconds: 6, run: attaching },
  ring: { about: 'reading and decoding records', seconds: 15, quickSeconds: 6, run: ring },
};

/** Finer ones, with tables of their own: run by name only. */
const details: Readonly<Record<string, string>> = {
  telemetry: 'telemetry.bench.ts',
  store: 'span-store.ts',
  reading: 'binary-reading.ts',
};

const nameLines = [
  ...Object.entries(measurements).map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`),
  ...Object.entries(details).map(([name, file]) => `  ${name.padEnd(10)} details: test/bench/${file}`),
];
const usage = `npm run bench -- [--quick] [--json] [NAME…]
Measures Sidespan on real processes: everything but the details, or what is named.
${nameLines.join('\n')}`;

const { values: flags, positionals: names } = commandLine(usage, {
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const { quick } = flags;
const unknown = names.filter((name) => !(name in measurements) && !(name in details));
if (unknown.length > 0) endWithUsage(usage, `bench: unknown: ${unknown.join(', ')}`);

const chosen = Object.entries(measurements).filter(([name]) => names.length === 0 || names.includes(name));
const seconds = chosen.reduce((sum, [, each]) => sum + (quick ? each.quickSeconds : each.seconds), 0);
const machine = thisMachine();
const { processor, cores, memoryMb, kernel, node } = machine;
console.error(
  `bench: ${processor}, ${cores} cores, ${numberText(memoryMb)} MB, Linux ${kernel}, Node.js ${node}; takes about ${seconds} s`,
);
const disturbance = await otherLoad(2000);
const disturbed = disturbance > 0.1;
console.error(`bench: load before ${machine.loadBefore}, others use ${(disturbance * 100).toFixed(0)}% of the machine`);
if (disturbed) console.error('bench: WARNING: that disturbs: figures of time and CPU will be too high');

const figures: Figure[] = [];
const failed: { readonly name: string; readonly reason: string }[] = [];
const begun = performance.now();
for (const [name, { about, run }] of chosen) {
  console.error(`bench: ${name}: ${about}`);
  try {
    figures.push(...(await run(quick)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    failed.push({ name, reason });
    console.error(`bench: ${name} could not be measured: ${reason}`);
  }
}
const tookSeconds = Math.round((performance.now() - begun) / 1000);

if (flags.json) {
  const rows = figures.map((figure) => ({ ...figure, reached: reached(figure) ?? null }));
  console.log(JSON.stringify({ machine, otherLoad: disturbance, quick, tookSeconds, figures: rows, failed }, null, 2));
} else if (figures.length > 0) {
  console.log(
    `\n${tableText(figures)}\n\ntook ${tookSeconds} s${disturbed ? '; disturbed by other load, see above' : ''}`,
  );
}
for (const [name, file] of Object.entries(details)) {
  if (names.includes(name)) spawnSync(process.execPath, [join(import.meta.dirname, file)], { stdio: 'inherit' });
}
process.exitCode = failed.length > 0 ? 1 : 0;
