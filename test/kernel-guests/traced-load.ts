/**
 * The measurement of the kernel tests: in a guest, a Go server under load with the agent attached to it, and both their
 * counts.
 */
import { guestRepository } from '../support/guest-root.ts';
import { type AgentSummary, parseSummary, type ServerCounts } from './counts.ts';
import type { GuestFiles } from './guest-files.ts';
import { runScript, type ScriptOptions } from './guest-script.ts';

/** What a guest said. */
export interface TracedLoad {
  /** `uname -r` there. */
  readonly release: string;
  readonly durationMs: number;
  /** What `sidespan doctor` said there, and its exit code. */
  readonly doctor: { readonly code: number; readonly text: string };
  /** The exit code of `sidespan run`. */
  readonly agentCode: number;
  /** What it wrote on stderr. */
  readonly agentLog: string;
  /** Undefined when it ended before any load was sent. */
  readonly counts?: { readonly server: ServerCounts; readonly agent: AgentSummary };
}

export interface TracedLoadOptions extends ScriptOptions {
  readonly requests: number;
  readonly connections: number;
}

/** The programs that it needs. */
export const loadPrograms = ['httpserver', 'load'] as const;

/** Functions of the server that are traced beside the server preset: each has a plain return. */
export const tracedFunctions = ['main.Greeting', 'main.Capitalize'] as const;

/**
 * Boots the suite's kernel, attaches the agent to the server, sends the load, ends the agent.
 * @throws as runScript does.
 */
export async function tracedLoad(files: GuestFiles, options: TracedLoadOptions): Promise<TracedLoad> {
  const { exitCode, release, durationMs, part } = await runScript(files, options, script(options));
  const server = part('server');
  const agent = part('summary');
  return {
    release,
    durationMs,
    agentCode: exitCode,
    doctor: { code: Number(part('doctor code')), text: part('doctor') ?? '' },
    agentLog: part('log') ?? '',
    ...(server && agent ? { counts: { server: JSON.parse(server) as ServerCounts, agent: parseSummary(agent) } } : {}),
  };
}

/** Its exit code is the agent's. */
function script({ requests, connections }: TracedLoadOptions): string {
  const url = 'http://127.0.0.1:8080';
  return `
    finish() { show log </tmp/agent.log; exit "$1"; }
    wait_for() { # PID COMMAND: until that succeeds; fails when the process ends first or after two minutes
      tries=0
      until eval "$2" 2>/dev/null; do
        kill -0 "$1" 2>/dev/null && [ $tries -lt 600 ] || return 1
        tries=$((tries+1)); sleep 0.2
      done
    }
    /programs/httpserver -port 8080 >/tmp/server.log & server=$!
    wait_for $server 'grep -q listening /tmp/server.log' || exit 90
    cd ${guestRepository}
    bin/sidespan doctor >/tmp/doctor 2>&1; echo $? | show 'doctor code'
    show doctor </tmp/doctor
    SIDESPAN_TARGET_PID=$server SIDESPAN_FUNCTIONS='${tracedFunctions.join(';')}' SIDESPAN_SUMMARY_FILE=/tmp/summary.json \\
      bin/sidespan run >/tmp/agent.out 2>/tmp/agent.log & agent=$!
    attached='wget -qO- http://127.0.0.1:4380/api/attachments | grep -q "\\"attached\\":\\[{"'
    if ! wait_for $agent "$attached"; then kill $agent 2>/dev/null; wait $agent; finish $?; fi
    /programs/load -url ${url}/hello -url ${url}/greet/guest -n ${requests} -c ${connections} >/tmp/load.json || finish 91
    wget -qO- ${url}/debug/counts | show server
    sleep 1
    kill -TERM $agent
    ( sleep 60; kill -KILL $agent ) & wait $agent; code=$?
    [ ! -e /tmp/summary.json ] || show summary </tmp/summary.json
    finish $code
  `;
}
