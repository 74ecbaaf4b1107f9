import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { goToolchain } from '../support/go-target.ts';

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
    JSON.stringify({ found, durationMs, cpuMs: (user + system) / 1000, rssBytes: process.memoryUsage.rss() - before }),
  );
} else {
  const paths = process.argv.length > 2 ? process.argv.slice(2) : [(await goToolchain()).go];
  for (const path of paths) {
    console.log(`${path}: ${(statSync(path).size / 1e6).toFixed(0)} MB`);
    for (const job of Object.keys(jobs)) {
      const output = execFileSync(process.execPath, [import.meta.filename, '--job', job, path]).toString();
      const { found, durationMs, cpuMs, rssBytes } = JSON.parse(output);
      const figures = `${durationMs.toFixed(0).padStart(5)} ms (CPU ${cpuMs.toFixed(0).padStart(4)})  +${(rssBytes / 1e6).toFixed(0).padStart(3)} MB`;
      console.log(`  ${job.padEnd(18)} ${figures}   ${found}`);
    }
  }
}
