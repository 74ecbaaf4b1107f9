import { clockNs } from '../bpf/libc.ts';
import { enteredBeforeAttach } from '../bpf/probe-counters.ts';
import type { Config } from '../config/config.ts';
import type { TargetProcess } from '../discovery/process.ts';
import { listGoProcesses } from '../discovery/processes.ts';
import { readProcess } from '../discovery/read-process.ts';
import { selectTargets, targetByPid } from '../discovery/target.ts';
import { typeNotes } from '../probe/capture/type-notes.ts';
import { planProblems } from '../probe/plan-problems.ts';
import { inlinedText } from '../probe/probe.ts';
import type { ProbePlan } from '../probe/probe-plan.ts';
import { createBootClock } from '../telemetry/boot-clock.ts';
import { createPlanner } from '../tracer/planner.ts';
import { createTracer, type DetachedProcess } from '../tracer/tracer.ts';
import { tracerSettings } from '../tracer/tracer-settings.ts';
import { callJson, callText } from './call-line.ts';
import type { CommandContext } from './command.ts';
import { CommandError, exitCode } from './exit-code.ts';
import { holdProgram } from './held-program.ts';

export interface TraceLimits {
  readonly durationMs?: number | undefined;
  /** Calls printed. */
  readonly count?: number | undefined;
  /** Calls printed a second. */
  readonly perSecond?: number | undefined;
}

/** Whether the traced process is still there: asked for where no exit event tells. */
const aliveIntervalMs = 500;

/**
 * Traces one process, or the program that it starts, and prints its calls until a limit is reached, the process ends or
 * the user stops it. @returns the exit code: that of a program which it started and which ended by itself, else 0
 */
export async function traceCalls(
  context: CommandContext,
  config: Config,
  limits: TraceLimits,
  json: boolean,
): Promise<number> {
  const { stdout, stderr, style } = context;
  const stop = context.stopSignal();
  const finished = Promise.withResolvers<string>();
  let programExitCode: number | undefined;
  using planner = createPlanner();
  using clock = createBootClock(clockNs);
  const printed = { calls: 0, skipped: 0, undecodable: 0, second: 0, thisSecond: 0 };
  let failure: unknown;

  const mayPrint = (): boolean => {
    if (limits.count !== undefined && printed.calls >= limits.count) return false;
    if (limits.perSecond === undefined) return true;
    const second = Math.floor(performance.now() / 1000);
    if (second !== printed.second) Object.assign(printed, { second, thisSecond: 0 });
    printed.thisSecond += 1;
    return printed.thisSecond <= limits.perSecond;
  };

  await using program = context.program.length > 0 ? await holdProgram(context.program, process.env) : undefined;
  const target = program?.target ?? (await chooseTarget(config));
  using tracer = createTracer({
    ...tracerSettings(config),
    planner,
    onCall(call, owner) {
      if (!mayPrint()) {
        printed.skipped += 1;
        return;
      }
      printed.calls += 1;
      const probe = owner.plan.probes[call.probe - owner.firstProbe];
      const { functionName: name = '?', typeSource, inlined } = probe?.description ?? {};
      const called = { name, typeSource, inlined, typeSources: probe?.typeSources };
      const start = clock.wallTime(call.start);
      try {
        stdout.line(json ? callJson(call, called, start) : callText(call, called, start, style.stdout));
      } catch (error) {
        failure = error;
        finished.resolve('the output failed');
      }
      if (printed.calls === limits.count) finished.resolve('');
    },
    onProcessChange: () => {
      if (program === undefined && !isAlive(target)) finished.resolve(`process ${target.pid} ended`);
    },
    onUndecodable: () => {
      printed.undecodable += 1;
    },
  });

  const traced = tracer.attach(await tracer.plan(target, { beforeExecOf: program?.path }));
  const problems = planProblems(traced.plan.report);
  for (const problem of problems) stderr.line(`${style.stderr.yellow('sidespan:')} ${problem}`);
  if (traced.plan.probes.length === 0) {
    throw new CommandError(`Nothing to trace in process ${target.pid}: no function of it can be probed.`);
  }
  for (const note of typeNotes(traced.plan)) stderr.line(`${style.stderr.yellow('sidespan:')} ${note}`);
  const functions = traced.plan.probes.filter(({ description }) => description.inlined === undefined).length;
  const inlinedCalls = traced.plan.probes.length - functions;
  const names = [
    functions === 1 ? '1 function' : `${functions} functions`,
    ...(inlinedCalls === 0 ? [] : [inlinedCalls === 1 ? '1 inlined call' : `${inlinedCalls} inlined calls`]),
  ].join(' and ');
  stderr.line(style.stderr.dim(`tracing ${names} of ${target.exePath} (pid ${target.pid}); Ctrl-C ends it`));

  const timer = limits.durationMs === undefined ? undefined : setTimeout(() => finished.resolve(''), limits.durationMs);
  const alive = setInterval(() => {
    if (!isAlive(target)) finished.resolve(`process ${target.pid} ended`);
  }, aliveIntervalMs);
  stop.addEventListener('abort', () => finished.resolve(''), { once: true });
  if (stop.aborted) finished.resolve('');
  program?.ended.then(({ how, exitCode }) => {
    programExitCode = exitCode;
    finished.resolve(`the program ended: ${how}`);
  });
  program?.go();
  const why = await finished.promise;
  // Read here: a program that we end below, because a limit was reached, has not failed.
  const endedWith = programExitCode;
  clearTimeout(timer);
  clearInterval(alive);

  const detached = tracer.detach(traced);
  if (failure !== undefined) throw failure;
  if (stop.reason !== 'output closed') {
    for (const line of inlinedCounts(traced.plan, detached)) stderr.line(style.stderr.dim(line));
    stderr.line(style.stderr.dim(summary(why, traced.plan, detached, printed)));
  }
  return endedWith ?? exitCode.done;
}

function isAlive(target: TargetProcess): boolean {
  return readProcess(target.pid).value?.startTicks === target.startTicks;
}

/** @throws CommandError, TargetError */
async function chooseTarget(config: Config): Promise<TargetProcess> {
  const { target } = config;
  if (target.pid !== undefined) return targetByPid(target.pid);
  const processes = await listGoProcesses();
  const given = target.exe !== undefined || target.port !== undefined;
  const found = selectTargets(given ? target : { exe: '*' }, processes);
  if (found.length === 1) return found[0] as TargetProcess;
  const candidates = found.map(({ pid, exePath }) => `\n  --pid ${pid}  ${exePath}`).join('');
  if (found.length === 0) {
    throw new CommandError(
      given ? 'No Go process matches. `sidespan trace` does not wait: start it first.' : 'There is no Go process here.',
    );
  }
  throw new CommandError(
    `Several Go processes ${given ? 'match' : 'run here'}; name one:${candidates}`,
    exitCode.usage,
  );
}

/** More places are in no list that anybody reads. */
const maxInlinedPlaces = 20;

/** How often each inlined call was seen, those with most calls first. */
function inlinedCounts({ probes }: ProbePlan, { counters }: DetachedProcess): string[] {
  const places = probes.flatMap(({ description: { functionName, inlined } }, index) => {
    const seen = counters[index]?.seen ?? 0;
    return inlined === undefined || seen === 0 ? [] : [{ seen, text: inlinedText(functionName, inlined) }];
  });
  places.sort((a, b) => b.seen - a.seen);
  const lines = places.slice(0, maxInlinedPlaces).map(({ seen, text }) => `${seen} calls of ${text}`);
  const more = places.length - lines.length;
  return more > 0 ? [...lines, `and calls in ${more} more places`] : lines;
}

/** Names in one line. */
const maxNames = 3;

/** ` (main.main, main.serve)`: functions of which there is more than none. */
function namesOf({ probes }: ProbePlan, counts: readonly number[]): string {
  const found = counts.flatMap((count, index) => (count > 0 ? [probes[index]?.description.functionName ?? '?'] : []));
  const names = [...new Set(found)];
  if (names.length === 0) return '';
  return ` (${names.slice(0, maxNames).join(', ')}${names.length > maxNames ? ', …' : ''})`;
}

function summary(
  why: string,
  plan: ProbePlan,
  { counters, stillRunning }: DetachedProcess,
  printed: { calls: number; skipped: number; undecodable: number },
): string {
  const sum = (pick: (counter: DetachedProcess['counters'][number]) => number) =>
    counters.reduce((total, counter) => total + pick(counter), 0);
  const running = stillRunning.reduce((total, count) => total + count, 0);
  const parts = [
    [`${sum((c) => c.seen)} calls seen`],
    [`${printed.calls} printed`],
    [printed.skipped, 'not printed (limit)'],
    [sum((c) => c.ringFull), 'lost: ring full (raise SIDESPAN_RING_BYTES)'],
    [sum((c) => c.goroutineTableFull), 'lost: goroutine table full (raise SIDESPAN_MAX_GOROUTINES)'],
    [sum((c) => c.frameStackFull), 'lost: frame stack full'],
    [sum((c) => c.scratchBusy + c.noGoroutine), 'lost: not readable'],
    [printed.undecodable, 'lost: not decodable'],
    [running, `still running${namesOf(plan, stillRunning)}`],
    [sum(enteredBeforeAttach), `more entered before attach${namesOf(plan, counters.map(enteredBeforeAttach))}`],
    [sum((c) => c.notCaptured), 'without values (SIDESPAN_CAPTURE_CALLS_PER_SECOND)'],
    [sum((c) => c.argumentsRingFull), 'without arguments (ring buffer full)'],
  ] as const;
  const texts = parts.filter(([count]) => count !== 0).map((part) => part.join(' '));
  return `${why === '' ? '' : `${why}; `}${texts.join(', ')}`;
}
