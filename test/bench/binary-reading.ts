import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { functionRow, rowText } from '../../src/commands/function-row.ts';
import { styleFor } from '../../src/commands/style.ts';
import { SiteFinder } from '../../src/probe/code/site-finder.ts';
import { functionPattern } from '../../src/probe/pattern.ts';
import { planProbes } from '../../src/probe/plan-probes.ts';
import { allPresets } from '../../src/probe/preset/presets.ts';
import { goToolchain } from '../support/go-target.ts';
import { tracedNames } from './planning.ts';

// What reading executables costs: time and memory of what an agent asks at its start, and of a full listing, each in a
// process of its own, beside a process that only reads the whole file into memory.
//   node test/bench/binary-reading.ts [executable …]        default: the go command

const functionNames = [
  'runtime.gopanic',
  'runtime.recovery',
  'runtime.goexit1',
  'runtime.gdestroy',
  'net/http.serverHandler.ServeHTTP',
  'net/http.(*response).finishRequest',
  'google.golang.org/grpc.(*Server).handleStream',
  'main.main',
  'fmt.Sprintf',
  'no/such.function',
];
const typeNames = [
  'runtime.g',
  'runtime.m',
  'runtime._panic',
  'runtime.hchan',
  'net/http.Request',
  'net/http.response',
  'net/url.URL',
  '*errors.errorString',
  'error',
  'no/such.Type',
];

const jobs: Readonly<Record<string, (path: string) => string>> = {
  'whole file read': (path) => `${readFileSync(path).length} bytes`,
  'start of an agent': (path) => {
    using binary = openGoBinary(path);
    const functions = functionNames.map((name) => binary.functionsNamed(name).length);
    const types = typeNames.filter((name) => binary.runtimeType(name)?.fields !== undefined);
    return `${functions.filter((count) => count > 0).length} functions, ${types.length} structs found`;
  },
  'listing by pattern': (path) => {
    using binary = openGoBinary(path);
    let count = 0;
    for (const fn of binary.functions()) if (/^net\/http\./.test(fn.name)) count++;
    return `${count} of ${binary.functionCount}`;
  },
  'plan of 10 functions': (path) => {
    using binary = openGoBinary(path);
    const { value: plan, unavailable } = planProbes(binary, {
      patterns: tracedNames.map(functionPattern),
      presets: allPresets,
    });
    if (plan === undefined) throw new Error(unavailable);
    const read = plan.probes.filter(({ signatureUnavailable }) => signatureUnavailable === undefined).length;
    return `${plan.report.taken} functions, ${plan.sites.length} sites, arguments of ${read}`;
  },
  'listing with signatures': (path) => {
    using binary = openGoBinary(path);
    using sites = new SiteFinder(binary);
    let count = 0;
    let characters = 0;
    const style = styleFor({}, {});
    for (const fn of binary.functions()) {
      const row = functionRow(binary, sites, fn, {});
      if (row.types.value?.signature.value !== undefined) count++;
      characters += rowText(row, style).length;
    }
    return `${count} of ${binary.functionCount} with signature, ${characters} characters`;
  },
  'listing with lines': (path) => {
    using binary = openGoBinary(path);
    let count = 0;
    for (const fn of binary.functions()) if (fn.name !== '' && binary.sourceLine(fn.entryVaddr)) count++;
    return `${count} of ${binary.functionCount}`;
  },
};

const [first, second] = process.argv.slice(2);
if (first === '--job') {
  const path = process.argv[4] ?? '';
  const before = process.memoryUsage.rss();
  const start = performance.now();
  const cpu = process.cpuUsage();
  const found = jobs[second ?? '']?.(path);
  const durationMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    JSON.stringify({
      found,
      durationMs,
      cpuMs: (user + system) / 1000,
      rssBytes: process.memoryUsage.rss() - before,
      peakBytes: process.resourceUsage().maxRSS * 1024,
    }),
  );
} else {
  const paths = process.argv.length > 2 ? process.argv.slice(2) : [(await goToolchain()).go];
  for (const path of paths) {
    console.log(`${path}: ${(statSync(path).size / 1e6).toFixed(0)} MB`);
    for (const job of Object.keys(jobs)) {
      const output = execFileSync(process.execPath, [import.meta.filename, '--job', job, path]).toString();
      const { found, durationMs, cpuMs, rssBytes, peakBytes } = JSON.parse(output);
      const figures = `${durationMs.toFixed(0).padStart(5)} ms (CPU ${cpuMs.toFixed(0).padStart(4)})  +${(rssBytes / 1e6).toFixed(0).padStart(3)} MB, peak of all ${(peakBytes / 1e6).toFixed(0).padStart(3)} MB`;
      console.log(`  ${job.padEnd(23)} ${figures}   ${found}`);
    }
  }
}
