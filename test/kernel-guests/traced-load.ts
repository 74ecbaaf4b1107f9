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
  readonly counts?: {
    readonly server: ServerCounts;
    /** Of the HTTP server's probes. */
    readonly agent: AgentSummary;
    /** Of the gRPC server, if there is one. */
    readonly grpc?: { readonly calls: number; readonly agent: AgentSummary };
  };
}

export interface TracedLoadOptions extends ScriptOptions {
  readonly requests: number;
  readonly connections: number;
  /** To a gRPC server beside the other one, attached to by the same agent: the guest's programs `grpcserver` and `grpcload`. */
  readonly grpcCalls?: number;
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
  const summary = part('summary');
  return {
    release,
    durationMs,
    agentCode: exitCode,
    doctor: { code: Number(part('doctor code')), text: part('doctor') ?? '' },
    agentLog: part('log') ?? '',
    ...(server && summary ? { counts: counts(server, parseSummary(summary), part('grpc'), part('grpc pid')) } : {}),
  };
}

function counts(
  server: string,
  summary: AgentSummary,
  grpc: string | undefined,
  grpcPid: string | undefined,
): NonNullable<TracedLoad['counts']> {
  const probes = (keep: (pid: number | null) => boolean): AgentSummary => ({
    ...summary,
    probes: summary.probes.filter(({ pid }) => keep(pid)),
  });
  const other = Number(grpcPid);
  return {
    server: JSON.parse(server) as ServerCounts,
    agent: probes((pid) => pid !== other),
    ...(grpc && {
      grpc: { calls: (JSON.parse(grpc) as { calls: number }).calls, agent: probes((pid) => pid === other) },
    }),
  };
}

/** Its exit code is the agent's. */
function script({ requests, connections, grpcCalls }: TracedLoadOptions): string {
  const url = 'http://127.0.0.1:8080';
  const target = grpcCalls === undefined ? 'SIDESPAN_TARGET_PID=$server' : "SIDESPAN_TARGET_EXE='/programs/*server'";
  const targets = grpcCalls === undefined ? 1 : 2;
  const startGrpc = `
    /programs/grpcserver -port 8081 >/tmp/grpc.log & grpc=$!
    wait_for $grpc 'grep -q listening /tmp/grpc.log' || exit 92
    echo $grpc | show 'grpc pid'`;
  const loadGrpc = `
    /programs/grpcload -target 127.0.0.1:8081 -n ${grpcCalls} -kinds ok,notfound,download,chat >/tmp/grpcload.json || finish 93
    kill -USR1 $grpc; wait_for $grpc 'grep -q calls /tmp/grpc.log'; grep calls /tmp/grpc.log | show grpc`;
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
    ${grpcCalls === undefined ? '' : startGrpc}
    cd ${guestRepository}
    bin/sidespan doctor >/tmp/doctor 2>&1; echo $? | show 'doctor code'
    show doctor </tmp/doctor
    # With everything that the programs can do: what is off is not verified.
    ${target} SIDESPAN_FUNCTIONS='${tracedFunctions.join(';')}' SIDESPAN_SUMMARY_FILE=/tmp/summary.json OTEL_METRICS_EXPORTER=prometheus OTEL_EXPORTER_PROMETHEUS_HOST=127.0.0.1 \\
      SIDESPAN_KEEP_ERRORS=on SIDESPAN_KEEP_SLOWER_THAN=1m SIDESPAN_CPU_BUDGET=1000% \\
      bin/sidespan run >/tmp/agent.out 2>/tmp/agent.log & agent=$!
    attached='[ $(wget -qO- http://127.0.0.1:4380/api/attachments | grep -o "\\"attached\\":\\[{" | wc -l) = ${targets} ]'
    if ! wait_for $agent "$attached"; then kill $agent 2>/dev/null; wait $agent; finish $?; fi
    /programs/load -url ${url}/hello -url ${url}/greet/guest -n ${requests} -c ${connections} >/tmp/load.json || finish 91
    wget -qO- ${url}/debug/counts | show server
    ${grpcCalls === undefined ? '' : loadGrpc}
    sleep 1
    kill -TERM $agent
    ( sleep 60; kill -KILL $agent ) & wait $agent; code=$?
    [ ! -e /tmp/summary.json ] || show summary </tmp/summary.json
    finish $code
  `;
}
