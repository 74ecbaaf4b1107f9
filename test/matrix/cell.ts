/** One cell of the matrix: a build of one release, started, traced by the real agent, and compared with its own counts. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { goTarget } from '../support/go-target.ts';
import { minorOf } from '../support/go-toolchain.ts';
import { grpcTarget } from '../support/grpc-target.ts';
import { type AgentResult, type AgentSummary, startTracedService } from '../support/traced-service.ts';
import { expectedOf, type MatrixBuild } from './builds.ts';
import { cellExecutable, missingCommand } from './executable.ts';
import { judgeValues, orderCount, orderFunctions, valueVerdicts } from './orders.ts';

const run = promisify(execFile);
const grpcCalls = 40;

/** What one cell showed, each as one or a few words; `-` where nothing was measured. */
export interface CellResult {
  readonly go: string;
  readonly build: string;
  readonly state: 'ok' | 'limited' | 'refused' | 'skipped' | 'failed';
  /** `5/5` */
  readonly functions: string;
  readonly calls: string;
  readonly values: string;
  readonly http: string;
  readonly grpc: string;
  /** Limits that are expected, or what went wrong. */
  readonly note: string;
}

interface Cleanup {
  after(end: () => unknown): void;
}

interface ServerCounts {
  readonly requests: Readonly<Record<string, number>>;
  readonly functions: Readonly<Record<string, number>>;
}

/** Builds, runs and traces one cell. Never throws: what goes wrong is the cell's note. */
export async function runCell(go: string, build: MatrixBuild): Promise<CellResult> {
  const empty = { go, build: build.name, functions: '-', calls: '-', values: '-', http: '-', grpc: '-' };
  const missing = missingCommand(build);
  if (missing !== undefined) return { ...empty, state: 'skipped', note: `no ${missing} here` };
  const ends: (() => unknown)[] = [];
  const cleanup: Cleanup = { after: (end) => void ends.push(end) };
  try {
    return await traceCell(go, build, cleanup, empty);
  } catch (error) {
    const note = firstLines(error instanceof Error ? error.message : String(error));
    const refused = build.expected.refused !== undefined && note.includes(build.expected.refused);
    return { ...empty, state: refused ? 'refused' : 'failed', note };
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

async function traceCell(
  go: string,
  build: MatrixBuild,
  cleanup: Cleanup,
  empty: Omit<CellResult, 'state' | 'note'>,
): Promise<CellResult> {
  const executable = await cellExecutable(go, build);
  const functions = build.finish === 'garbled' ? ['main.*'] : orderFunctions;
  const service = await startTracedService(cleanup, executable, { functions });
  for (let n = 0; n < orderCount; n++) await (await fetch(`http://${service.address}/order?n=${n}`)).text();
  const answer = await fetch(`http://${service.address}/debug/counts`);
  const counts = (await answer.json()) as ServerCounts;
  const result = await service.stopAgent();

  const expected = expectedOf(build, minorOf({ version: `go${go}` }));
  const problems: string[] = [];
  const limits: string[] = [];
  if (expected.refused !== undefined) problems.push(`was not refused: ${expected.refused}`);
  if (!result.summary.balanced) problems.push('the ledger is not balanced');
  const calls = build.finish === 'garbled' ? garbledCalls(result.summary, counts) : exactCalls(result, counts);
  problems.push(...calls.problems);

  const { verdict, example } = judgeValues(result.spans);
  if (valueVerdicts.indexOf(verdict) > valueVerdicts.indexOf(expected.values)) problems.push(`values: ${example}`);
  else if (verdict !== 'read') limits.push(expected.limit ?? '');

  const http = httpSpans(result, counts);
  if (expected.http === 'exact' ? http !== 'exact' : http === 'exact') problems.push(`HTTP: ${http}`);
  if (expected.http !== 'exact') limits.push(`no HTTP spans: ${expected.http.none}`);

  const grpc = build.grpc ? await grpcSpans(go, build, cleanup) : '-';
  if (grpc !== '-' && grpc !== 'exact') problems.push(`gRPC: ${grpc}`);

  const state = problems.length > 0 ? 'failed' : limits.length > 0 ? 'limited' : 'ok';
  const note = [...problems, ...limits].filter((text) => text !== '').join('; ');
  return { ...empty, functions: calls.found, calls: calls.verdict, values: verdict, http, grpc, state, note };
}

interface CallVerdict {
  readonly found: string;
  readonly verdict: 'exact' | 'wrong';
  readonly problems: readonly string[];
}

/** Every function is found, every call counted and exported. */
function exactCalls({ summary, log }: AgentResult, counts: ServerCounts): CallVerdict {
  const problems: string[] = [];
  let found = 0;
  for (const name of orderFunctions) {
    const probe = summary.probes.find(({ functionName }) => functionName === name);
    const called = counts.functions[name] ?? 0;
    if (probe === undefined) problems.push(`${name} is not traced: ${reasonIn(log, name)}`);
    else found++;
    if (probe !== undefined && (probe.seen !== called || probe.exported !== called)) {
      problems.push(`${name}: ${called} calls, ${probe.seen} seen, ${probe.exported} exported`);
    }
  }
  return { found: `${found}/${orderFunctions.length}`, verdict: problems.length === 0 ? 'exact' : 'wrong', problems };
}

/** Names are garbled, so it is the numbers that tell: each count of the program's is that of some function. */
function garbledCalls({ probes }: AgentSummary, counts: ServerCounts): CallVerdict {
  const exported = probes.filter(({ kind }) => kind === 'function').map((probe) => probe.exported);
  const left = [...exported];
  const problems: string[] = [];
  for (const called of Object.values(counts.functions)) {
    const at = left.indexOf(called);
    if (at === -1) problems.push(`no function was called ${called} times`);
    else left.splice(at, 1);
  }
  return { found: `${exported.length} by pattern`, verdict: problems.length === 0 ? 'exact' : 'wrong', problems };
}

/** `exact`, or what differs from the requests that the program counted. */
function httpSpans({ spans }: AgentResult, counts: ServerCounts): string {
  const servers = spans.filter(({ kind }) => kind === 'SERVER');
  if (servers.length === 0) return 'none';
  const found: Record<string, number> = {};
  for (const { attributes } of servers) {
    const { 'http.request.method': method, 'url.path': path, 'http.response.status_code': status } = attributes;
    if (method !== 'GET' || (path !== '/order' && path !== '/debug/counts')) return `${method} ${path}`;
    found[String(status)] = (found[String(status)] ?? 0) + 1;
  }
  const same = JSON.stringify(Object.entries(found).sort()) === JSON.stringify(Object.entries(counts.requests).sort());
  return same ? 'exact' : `${JSON.stringify(found)} in place of ${JSON.stringify(counts.requests)}`;
}

/** The release of grpc-go that a release of Go can build, of those that there is a module file for. */
function grpcVersionFor(go: string): Parameters<typeof grpcTarget>[0] {
  const minor = minorOf({ version: `go${go}` });
  if (minor >= 26) return '1.85.0';
  return minor >= 23 ? '1.75.1' : minor >= 22 ? '1.60.1' : undefined;
}

async function grpcSpans(go: string, build: MatrixBuild, cleanup: Cleanup): Promise<string> {
  const version = grpcVersionFor(go);
  if (version === undefined) return '-';
  const service = await startTracedService(cleanup, await grpcTarget(version, { ...build.options, go }));
  const args = ['-target', service.address, '-n', String(grpcCalls), '-kinds', 'ok,notfound'];
  const { stdout } = await run(await goTarget('grpcserver/grpcload'), args);
  const { sent } = JSON.parse(stdout) as { readonly sent: number };
  const { spans } = await service.stopAgent();
  const servers = spans.filter(({ attributes }) => attributes['rpc.method'] !== undefined);
  return servers.length === sent ? 'exact' : `${servers.length} spans of ${sent} calls`;
}

function reasonIn(log: string, name: string): string {
  return log.split('\n').find((line) => line.includes(name)) ?? 'no reason was given';
}

function firstLines(text: string): string {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.slice(0, 4).join(' ').slice(0, 500);
}
