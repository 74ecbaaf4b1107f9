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

/** Plans take seconds at most. A file that keeps the planner busy for longer must not hold up the others for ever. */
const defaultTimeoutMs = 120_000;

/** A plan makes some 100 MB of short-lived objects: in a young generation of 1 MB they are copied again and again. */
export const plannerFlags = ['--disable-warning=ExperimentalWarning', '--min-semi-space-size=8'];

export interface PlannerOptions {
  /** For each answer, from the one before it. */
  readonly timeoutMs?: number | undefined;
}

interface Question {
  readonly path: string;
  readonly request: string;
  readonly resolve: (plan: Found<ProbePlan>) => void;
  readonly reject: (error: Error) => void;
  /** A planner has ended before it came to this one. */
  readonly isAgain?: boolean | undefined;
}

interface Running {
  readonly child: ChildProcess;
  /** In the order of the questions, which is that of the answers. */
  readonly waiting: Question[];
  /** Of the next answer. */
  deadline?: NodeJS.Timeout;
}

/** Starts the process at once: it gets ready while the kernel's side is loaded. */
export function createPlanner({ timeoutMs = defaultTimeoutMs }: PlannerOptions = {}): Planner {
  let running: Running | undefined = start();
  let idle = restIn(running, firstIdleMs);
  let isClosed = false;

  function start(): Running {
    const child = spawn(process.execPath, [...plannerFlags, program()], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { NODE_COMPILE_CACHE: compileCache(), ...process.env },
      // Ctrl-C is for the agent alone.
      detached: true,
    });
    const started: Running = { child, waiting: [] };
    const ended = (how: string) => {
      // It was at the first question; the others are asked again, but not of one process after the other.
      const [first, ...others] = retire(started);
      if (first !== undefined) fail(first, how);
      for (const question of others) {
        if (isClosed || question.isAgain) fail(question, how);
        else ask({ ...question, isAgain: true });
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

  function fail({ path, reject }: Question, how: string): void {
    reject(new Error(`${path}: the process that plans its probes ended (${how}). Is there too little memory?`));
  }

  function ask(question: Question): void {
    clearTimeout(idle);
    running ??= start();
    running.child.stdin?.write(`${question.request}\n`);
    if (running.waiting.push(question) === 1) awaitAnswer(running);
  }

  function awaitAnswer(by: Running): void {
    by.deadline = setTimeout(giveUp, timeoutMs, by).unref();
  }

  function answered(by: Running, line: string): void {
    const answer = wholeAnswer(line);
    // It was killed while it wrote: `exit` tells the one who asked.
    if (answer === undefined) return;
    clearTimeout(by.deadline);
    const question = by.waiting.shift();
    if (by.waiting.length === 0) idle = restIn(by, idleMs);
    else awaitAnswer(by);
    if (answer.failure === undefined) question?.resolve(answer.plan);
    else question?.reject(errorOf(answer.failure));
  }

  /** The first question is too hard; the others are asked again. */
  function giveUp(by: Running): void {
    by.child.kill('SIGKILL');
    const [first, ...others] = retire(by);
    const what = `${first?.path}: its probes were not planned within ${timeoutMs / 1000} s`;
    first?.reject(new Error(`${what}. Is the machine overloaded? If not, please report the binary.`));
    for (const question of others) ask(question);
  }

  /** Lets a process go; returns what it has not answered. */
  function retire(which: Running): Question[] {
    clearTimeout(which.deadline);
    if (running === which) running = undefined;
    return which.waiting.splice(0);
  }

  function restIn(which: Running, afterMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      which.child.stdin?.end();
      if (running === which) running = undefined;
    }, afterMs).unref();
  }

  return {
    plan(path, options, hostPath) {
      const request: PlanRequest = {
        path,
        hostPath,
        options: { ...options, patterns: options.patterns.map(({ text }) => text) },
      };
      return new Promise((resolve, reject) => ask({ path, request: JSON.stringify(request), resolve, reject }));
    },
    [Symbol.dispose]() {
      isClosed = true;
      clearTimeout(idle);
      running?.child.kill('SIGKILL');
    },
  };
}

/** Undefined: the line was cut short. */
function wholeAnswer(line: string): PlanAnswer | undefined {
  try {
    return JSON.parse(line) as PlanAnswer;
  } catch {
    return undefined;
  }
}

function program(): string {
  return isCheckout() ? packageFile('src', 'tracer', 'planner-process.ts') : packageFile('dist', 'planner-process.js');
}
