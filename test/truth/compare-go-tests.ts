/** Go's own tests of net/http and grpc-go's end-to-end tests, with and without Sidespan: what passes must be the same. */
import { execFile, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { cleanEnvironment, mainFile } from '../support/cli.ts';
import { exists } from '../support/exists.ts';
import { cacheDirectory, goEnvironment, goToolchain } from '../support/go-toolchain.ts';

const run = promisify(execFile);

/** What came of a test, by its name. */
export type Outcomes = ReadonlyMap<string, 'PASS' | 'FAIL' | 'SKIP'>;

export interface GoTests {
  readonly name: string;
  readonly executable: string;
  /** Where its test data is. */
  readonly folder: string;
  /** Of all functions of the library. */
  readonly pattern: string;
  readonly modes: readonly GoTestOptions[];
}

/** How the binary runs: alone; by `sidespan trace`, of all its functions; beside `sidespan run`, which has the presets. */
export type TestMode = 'without' | 'traced' | 'presets';

/** @returns the compiled tests of net/http of the installed Go */
export async function netHttpTests(): Promise<GoTests> {
  const { goroot } = await goToolchain();
  const tests = await compiled('http.test', join(goroot, 'src/net/http'));
  // Tracing every function of net/http prints 100,000 lines of calls for these alone.
  const some = { mode: 'traced', args: ['-test.run', 'TestServe'] } as const;
  return { ...tests, pattern: 'net/http.*', modes: [{ mode: 'presets', args: [] }, some] };
}

/** @returns grpc-go's end-to-end tests */
export async function grpcTests(): Promise<GoTests> {
  const toolchain = await goToolchain();
  const { stdout } = await run(toolchain.go, ['mod', 'download', '-json', `google.golang.org/grpc@${grpcVersion}`], {
    env: goEnvironment(toolchain),
  });
  const { Dir } = JSON.parse(stdout) as { readonly Dir: string };
  const tests = await compiled(`grpc-${grpcVersion}.test`, join(Dir, 'test'));
  const some = { mode: 'traced', args: ['-test.run', 'Test/(Retry|Stream|Unary|Deadline|Cancel)'] } as const;
  return { ...tests, pattern: 'google.golang.org/grpc.*', modes: [{ mode: 'presets', args: [] }, some] };
}

const grpcVersion = 'v1.85.0';

async function compiled(name: string, folder: string): Promise<Omit<GoTests, 'pattern' | 'modes'>> {
  const toolchain = await goToolchain();
  const kept = join(cacheDirectory(), `go-tests-${toolchain.version}`);
  await mkdir(kept, { recursive: true });
  const executable = join(kept, name);
  if (!(await exists(executable))) {
    await run(toolchain.go, ['test', '-c', '-o', executable, '.'], { cwd: folder, env: goEnvironment(toolchain) });
  }
  return { name, executable, folder };
}

export interface GoTestOptions {
  readonly mode: TestMode;
  /** `-test.run` and the like. */
  readonly args: readonly string[];
}

/** Runs the tests. @returns also how many calls or spans there were, as a reader may check that something was traced */
export async function runGoTests({ executable, folder, pattern }: GoTests, { mode, args }: GoTestOptions) {
  const line = [executable, '-test.v', '-test.short', ...args];
  const command = mode === 'traced' ? [process.execPath, mainFile, 'trace', pattern, '--', ...line] : line;
  const agent = mode === 'presets' ? startAgent(executable) : undefined;
  if (agent) await agent.ready;
  const child = spawn(command[0]!, command.slice(1), {
    cwd: folder,
    env: cleanEnvironment({}),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const outcomes = new Map<string, 'PASS' | 'FAIL' | 'SKIP'>();
  let calls = 0;
  const read = (text: string) => {
    const [, outcome, test] = /^\s*--- (PASS|FAIL|SKIP): (\S+)/.exec(text) ?? [];
    if (test !== undefined) outcomes.set(test, outcome as 'PASS');
  };
  createInterface({ input: child.stderr }).on('line', read);
  createInterface({ input: child.stdout }).on('line', (text) => {
    calls++;
    read(text);
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const spans = await agent?.stop();
  return { outcomes: outcomes as Outcomes, code, calls: spans ?? calls };
}

function startAgent(executable: string) {
  const env = cleanEnvironment({
    SIDESPAN_TARGET_EXE: executable,
    SIDESPAN_VIEWER: 'off',
    OTEL_TRACES_EXPORTER: 'console',
    OTEL_METRICS_EXPORTER: 'none',
  });
  const child = spawn(process.execPath, [mainFile, 'run'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let spans = 0;
  createInterface({ input: child.stdout }).on('line', () => spans++);
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const ready = new Promise<void>((resolve) => createInterface({ input: child.stderr }).once('line', () => resolve()));
  return {
    ready: Promise.race([ready, ended]),
    async stop() {
      child.kill('SIGTERM');
      await ended;
      return spans;
    },
  };
}

/** Tests whose outcome differs, in words. */
export function differingTests(without: Outcomes, with_: Outcomes): string[] {
  return [...new Set([...without.keys(), ...with_.keys()])].flatMap((name) => {
    const [a = 'not run', b = 'not run'] = [without.get(name), with_.get(name)];
    return a === b ? [] : [`${name}: ${a} without, ${b} with Sidespan`];
  });
}

/** Runs the tests in all modes, and without Sidespan; a line for each. */
export async function* goTestReport(): AsyncGenerator<{ readonly line: string; readonly isSame: boolean }> {
  for (const tests of [await netHttpTests(), await grpcTests()]) yield* reportOf(tests);
}

async function* reportOf(tests: GoTests): AsyncGenerator<{ readonly line: string; readonly isSame: boolean }> {
  for (const { mode, args } of tests.modes) {
    const without = await runGoTests(tests, { mode: 'without', args });
    yield { line: `${tests.name} without: ${summaryOf(without.outcomes)}, exit code ${without.code}`, isSame: true };
    const found = await runGoTests(tests, { mode, args });
    const differing = differingTests(without.outcomes, found.outcomes);
    const what = mode === 'traced' ? 'lines of calls' : 'spans';
    const summary = `${summaryOf(found.outcomes)}, exit code ${found.code}, ${found.calls} ${what}, ${differing.length} differ`;
    yield {
      line: [`${tests.name} ${mode}: ${summary}`, ...differing].join('\n  '),
      isSame: differing.length === 0 && found.calls > 0,
    };
  }
}

function summaryOf(outcomes: Outcomes): string {
  const count = (wanted: string) => [...outcomes.values()].filter((outcome) => outcome === wanted).length;
  return `${count('PASS')} passed, ${count('FAIL')} failed, ${count('SKIP')} skipped`;
}
