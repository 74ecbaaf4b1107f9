/** In a guest: services with the agent attached to all of them, which writes headers into their requests. */
import { join } from 'node:path';
import { writeArchive } from '../support/cpio.ts';
import { guestRepository } from '../support/guest-root.ts';
import { type AgentSummary, parseSummary } from './counts.ts';
import type { GuestFiles } from './guest-files.ts';
import { runScript, type ScriptOptions } from './guest-script.ts';

export interface TracedServices {
  readonly agentCode: number;
  readonly agentLog: string;
  /** How many traces there are of each shape: see trace-shapes.ts. */
  readonly shapes: Readonly<Record<string, number>>;
  /** Undefined when the agent ended before any load was sent. */
  readonly summary: AgentSummary | undefined;
  /** What the commands gave to `show NAME`. */
  readonly part: (name: string) => string | undefined;
}

export interface ServiceCommands {
  /** Shell commands that start the services; `wait_for PID COMMAND` waits until that one succeeds. */
  readonly start: readonly string[];
  /** SIDESPAN_TARGET_EXE, and how many processes fit. */
  readonly exe: string;
  readonly processes: number;
  /** Sends the load. */
  readonly drive: string;
  /** That come of it: they are waited for. */
  readonly spans: number;
  /** Of the traces that begin there, which are kept: 1 for all. */
  readonly ratio?: number | undefined;
  /** OTEL_TRACES_SAMPLER; left out: the one that follows the parent. */
  readonly sampler?: string | undefined;
  /** OTEL_PROPAGATORS; left out: the default. */
  readonly propagators?: string | undefined;
}

/** @throws as runScript does */
export async function tracedServices(
  files: GuestFiles,
  options: ScriptOptions,
  commands: ServiceCommands,
): Promise<TracedServices> {
  const shapes = join(files.folder, 'trace-shapes.cpio');
  writeArchive(shapes, [{ path: 'programs/trace-shapes.ts', copyOf: join(import.meta.dirname, 'trace-shapes.ts') }]);
  const archives = [...(options.archives ?? []), shapes];
  const { exitCode, part } = await runScript(files, { ...options, archives }, script(commands));
  const summary = part('summary');
  return {
    agentCode: exitCode,
    agentLog: part('log') ?? '',
    shapes: JSON.parse(part('shapes') ?? '{}') as Record<string, number>,
    summary: summary === undefined ? undefined : parseSummary(summary),
    part,
  };
}

/** Its exit code is the agent's. */
function script({
  start,
  exe,
  processes,
  drive,
  spans,
  ratio = 1,
  sampler = 'parentbased_traceidratio',
  propagators = '',
}: ServiceCommands): string {
  return `
    finish() { show log </tmp/agent.log; exit "$1"; }
    wait_for() { # PID COMMAND: until that succeeds; fails when the process ends first or after two minutes
      tries=0
      until eval "$2" 2>/dev/null; do
        grep -q "State:.[RSD]" /proc/$1/status 2>/dev/null && [ $tries -lt 600 ] || return 1
        tries=$((tries+1)); sleep 0.2
      done
    }
    ${start.join('\n    ')}
    cd ${guestRepository}
    SIDESPAN_PROPAGATION=write OTEL_TRACES_EXPORTER=console OTEL_BSP_MAX_QUEUE_SIZE=100000 OTEL_BSP_SCHEDULE_DELAY=500 \\
      OTEL_TRACES_SAMPLER=${sampler} OTEL_TRACES_SAMPLER_ARG=${ratio} OTEL_PROPAGATORS=${propagators} \\
      SIDESPAN_TARGET_EXE='${exe}' SIDESPAN_SUMMARY_FILE=/tmp/summary.json \\
      bin/sidespan run >/tmp/agent.out 2>/tmp/agent.log & agent=$!
    attached='[ $(wget -qO- http://127.0.0.1:4380/api/attachments | grep -o "\\"attached\\":\\[{" | wc -l) = ${processes} ]'
    if ! wait_for $agent "$attached"; then kill $agent 2>/dev/null; wait $agent; finish $?; fi
    ${drive}
    wait_for $agent '[ $(wc -l </tmp/agent.out) -ge ${spans} ]'
    kill -TERM $agent
    ( sleep 60; kill -KILL $agent 2>/dev/null ) & wait $agent; code=$?
    [ ! -e /tmp/summary.json ] || show summary </tmp/summary.json
    $(ls -d node_modules/node-linux-*/bin/node) /programs/trace-shapes.ts </tmp/agent.out 2>&1 | show shapes
    finish $code
  `;
}
