/**
 * The measurement of the kernel tests: in a guest, a Go server under load with the agent attached to it, and both their
 * counts.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeArchive } from '../support/cpio.ts';
import { cloudKernel, type DebianSuite } from '../support/debian.ts';
import { goTarget } from '../support/go-target.ts';
import { runGuest } from '../support/guest.ts';
import { agentRoot, guestRepository, nodeRoot, shellRoot } from '../support/guest-root.ts';
import { type AgentSummary, parseSummary, type ServerCounts } from './counts.ts';

/** Archives for all guests of one test run. */
export interface GuestFiles extends AsyncDisposable {
  readonly archives: readonly string[];
  /** Where a test may put more. */
  readonly folder: string;
}

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

export interface TracedLoadOptions {
  readonly suite: DebianSuite;
  readonly cpus: number;
  readonly requests: number;
  readonly connections: number;
  /** Beside those of the test run. */
  readonly archives?: readonly string[];
  readonly kernelArguments?: string;
}

/** Functions of the server that are traced beside the server preset: each has a plain return. */
export const tracedFunctions = ['main.Greeting', 'main.Capitalize'] as const;

const begin = '@@BEGIN ';
const end = '@@END';

/** Makes the archives: shell, Node, agent, server and load. */
export async function guestFiles(): Promise<GuestFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'sidespan-kernels-'));
  const file = (name: string): string => join(folder, `${name}.cpio`);
  await shellRoot(file('shell'));
  await nodeRoot(file('node'));
  agentRoot(file('agent'));
  writeArchive(file('programs'), [
    { path: 'programs/httpserver', copyOf: await goTarget('httpserver') },
    { path: 'programs/load', copyOf: await goTarget('load') },
  ]);
  return {
    folder,
    archives: ['shell', 'node', 'agent', 'programs'].map(file),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * Boots the suite's kernel, attaches the agent to the server, sends the load, ends the agent.
 * @throws GuestError when the guest does not come to an end; Error when its output is not what the script prints.
 */
export async function tracedLoad(files: GuestFiles, options: TracedLoadOptions): Promise<TracedLoad> {
  const run = await runGuest({
    kernel: join(await cloudKernel(options.suite), 'vmlinuz'),
    archives: [...files.archives, ...(options.archives ?? [])],
    command: script(options),
    cpus: options.cpus,
    memoryMB: 2048,
    timeoutMs: 300_000,
    kernelArguments: options.kernelArguments ?? '',
  });
  const part = (name: string): string | undefined => {
    const from = run.output.indexOf(`${begin}${name}\n`);
    if (from < 0) return undefined;
    const start = from + begin.length + name.length + 1;
    return run.output.slice(start, run.output.indexOf(`\n${end}`, start));
  };
  const server = part('server');
  const agent = part('summary');
  const release = part('release');
  if (release === undefined) throw new Error(`the guest's output is not its script's:\n${run.output}`);
  return {
    release: release.trim(),
    durationMs: run.durationMs,
    agentCode: run.exitCode,
    doctor: { code: Number(part('doctor code')), text: part('doctor') ?? '' },
    agentLog: part('log') ?? '',
    ...(server && agent ? { counts: { server: JSON.parse(server) as ServerCounts, agent: parseSummary(agent) } } : {}),
  };
}

/** Its exit code is the agent's. */
function script({ requests, connections }: TracedLoadOptions): string {
  const url = 'http://127.0.0.1:8080';
  return `
    show() { printf '${begin}%s\\n' "$1"; cat; printf '\\n${end}\\n'; }
    finish() { show log </tmp/agent.log; exit "$1"; }
    wait_for() { # PID COMMAND: until that succeeds; fails when the process ends first or after a minute
      tries=0
      until eval "$2" 2>/dev/null; do
        kill -0 "$1" 2>/dev/null && [ $tries -lt 300 ] || return 1
        tries=$((tries+1)); sleep 0.2
      done
    }
    uname -r | show release
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
