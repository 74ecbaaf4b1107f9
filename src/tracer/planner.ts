import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Found } from '../binary/go-binary.ts';
import { compileCache, isCheckout, packageFile } from '../package-file.ts';
import type { PlanOptions } from '../probe/plan-probes.ts';
import type { ProbePlan } from '../probe/probe-plan.ts';
import { errorOf, type PlanAnswer, type PlanRequest } from './planner-protocol.ts';

/** Plans probes in a process of its own, which ends when nothing is asked of it for a while. */
export interface Planner extends Disposable {
  /**
   * As `planProbes` of the executable, or of a module that the executable at `hostPath` has loaded.
   * @throws BinaryError; Error: planning itself broke down
   */
  plan(path: string, options: PlanOptions, hostPath?: string): Promise<Found<ProbePlan>>;
}

/** Several processes often appear together: starting anew for each would cost more than planning. */
const idleMs = 500;

/** For the first question: until then the kernel's side is loaded, and the target may not be there yet. */
const firstIdleMs = 30_000;

interface Waiting {
  readonly path: string;
  readonly resolve: (plan: Found<ProbePlan>) => void;
  readonly reject: (error: Error) => void;
}

interface Running {
  readonly child: ChildProcess;
  /** In the order of the requests, which is that of the answers. */
  readonly waiting: Waiting[];
}

/** Starts the process at once: it gets ready while the kernel's side is loaded. */
export function createPlanner(): Planner {
  let running: Running | undefined = start();
  let idle = restIn(running, firstIdleMs);

  function start(): Running {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program()], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { NODE_COMPILE_CACHE: compileCache(), ...process.env },
      // Ctrl-C is for the agent alone.
      detached: true,
    });
    const started: Running = { child, waiting: [] };
    const ended = (how: string) => {
      if (running === started) running = undefined;
      for (const { path, reject } of started.waiting.splice(0)) {
        reject(new Error(`${path}: the process that plans its probes ended (${how}). Is there too little memory?`));
      }
    };
    child.on('error', ({ message }) => ended(message));
    child.on('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
    // A request to a process that has just ended: `exit` tells.
    child.stdin?.on('error', () => {});
    createInterface({ input: child.stdout! }).on('line', (line) => answered(started, line));
    // It holds nobody up: who waits for a plan has other things open.
    child.unref();
    for (const pipe of [child.stdin, child.stdout]) (pipe as Socket | null)?.unref();
    return started;
  }

  function answered(by: Running, line: string): void {
    const request = by.waiting.shift();
    if (by.waiting.length === 0) idle = restIn(by, idleMs);
    const { plan, failure } = JSON.parse(line) as PlanAnswer;
    if (failure === undefined) request?.resolve(plan);
    else request?.reject(errorOf(failure));
  }

  function restIn(which: Running, afterMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      which.child.stdin?.end();
      if (running === which) running = undefined;
    }, afterMs).unref();
  }

  return {
    plan(path, options, hostPath) {
      clearTimeout(idle);
      running ??= start();
      const { child, waiting } = running;
      const request: PlanRequest = {
        path,
        hostPath,
        options: { ...options, patterns: options.patterns.map(({ text }) => text) },
      };
      child.stdin?.write(`${JSON.stringify(request)}\n`);
      return new Promise((resolve, reject) => waiting.push({ path, resolve, reject }));
    },
    [Symbol.dispose]() {
      clearTimeout(idle);
      running?.child.kill('SIGKILL');
    },
  };
}

function program(): string {
  return isCheckout() ? packageFile('src', 'tracer', 'planner-process.ts') : packageFile('dist', 'planner-process.js');
}
