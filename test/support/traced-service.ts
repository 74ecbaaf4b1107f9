/** A server of test/targets with `sidespan run` attached to it, which exports to a receiver of the test's own. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { cleanEnvironment, mainFile } from './cli.ts';
import { type SinkPoint, type SinkSpan, startOtlpSink } from './otlp-sink.ts';
import { eventually, start } from './running.ts';

/** Of one probe, as SIDESPAN_SUMMARY_FILE has it. */
export interface ProbeSummary {
  readonly functionName: string;
  readonly kind: string;
  readonly seen: number;
  readonly exported: number;
  readonly sampledOut: number;
  readonly shed: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly stillRunning: number;
  readonly enteredBeforeAttach: number;
  readonly incomplete: Readonly<Record<string, number>>;
  readonly pauses: number;
  readonly pausedSince?: string;
  readonly pausedUntil?: string;
}

export interface AgentSummary {
  readonly balanced: boolean;
  readonly probes: readonly ProbeSummary[];
}

export interface AgentResult {
  readonly summary: AgentSummary;
  readonly spans: readonly SinkSpan[];
  /** Sent with `OTEL_METRICS_EXPORTER: 'otlp'` only. */
  readonly metrics: readonly SinkPoint[];
  readonly log: string;
}

export interface TracedService {
  /** `127.0.0.1:41234`, of one that listens */
  readonly address: string;
  readonly pid: number;
  /** Writes a line to the server's standard input. */
  tell(line?: string): void;
  /** Waits until the server has ended by itself. */
  ended(): Promise<void>;
  /** The next line that the server prints. */
  line(): Promise<string>;
  /** Begins tracing; at the start already, unless `attached: false` was asked for. */
  attach(): Promise<void>;
  /** Waits until so many spans have arrived: what still runs when the agent stops has none. */
  untilArrived(spans: number): Promise<void>;
  /** What was exported of metrics last. */
  metrics(): Promise<readonly SinkPoint[]>;
  /** Asks the agent to stop and takes what it exported and summed up. */
  stopAgent(): Promise<AgentResult>;
}

export interface TracedServiceOptions {
  readonly args?: readonly string[];
  readonly functions?: readonly string[];
  /** More settings of the agent. */
  readonly env?: Readonly<Record<string, string>>;
  readonly attached?: boolean;
}

/** Starts the server, which must print `listening ADDRESS` or `ready PID`, and the agent. All end with the test. */
export async function startTracedService(
  context: Pick<TestContext, 'after'>,
  executable: string,
  options: TracedServiceOptions = {},
): Promise<TracedService> {
  const sink = await startOtlpSink();
  context.after(() => sink.stop());
  const folder = await mkdtemp(join(tmpdir(), 'sidespan-service-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const server = start(context, executable, options.args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: server.stdout! })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${executable} ended: ${server.exitCode ?? server.signalCode}`);
    return value as string;
  };
  const [, address] = /^(?:listening|ready) (\S+)$/.exec(await line()) ?? [];
  if (address === undefined || server.pid === undefined) throw new Error(`${executable} does not listen`);
  const summaryFile = join(folder, 'summary.json');
  const env = cleanEnvironment({
    SIDESPAN_TARGET_PID: String(server.pid),
    SIDESPAN_FUNCTIONS: (options.functions ?? []).join(';'),
    // What tests do with functions is not normal use.
    SIDESPAN_CPU_BUDGET: 'off',
    SIDESPAN_VIEWER: 'off',
    SIDESPAN_SUMMARY_FILE: summaryFile,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${sink.http}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_METRICS_EXPORTER: 'none',
    // The queue is not what is tested here.
    OTEL_BSP_MAX_QUEUE_SIZE: '100000',
    OTEL_BSP_SCHEDULE_DELAY: '200',
    ...options.env,
  });
  let agent: ReturnType<typeof start> | undefined;
  let log = '';

  async function attach(): Promise<void> {
    const child = start(context, process.execPath, [mainFile, 'run'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    agent = child;
    const attached = Promise.withResolvers<void>();
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (/; attached /.test(log)) attached.resolve();
      if (/is not traced/.test(log)) attached.reject(new Error(log));
    });
    child.on('exit', (code) => attached.reject(new Error(`the agent ended (${code}):\n${log}`)));
    await attached.promise;
  }

  if (options.attached !== false) await attach();
  return {
    address,
    pid: server.pid,
    tell: (text = '') => server.stdin!.write(`${text}\n`),
    line,
    attach,
    async ended() {
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
    },
    async untilArrived(spans) {
      await eventually(
        async () => (await sink.state()).distinctSpans,
        (count) => count >= spans,
      );
    },
    metrics: () => sink.metrics(),
    async stopAgent() {
      if (agent === undefined) throw new Error('no agent runs');
      const exit = once(agent, 'exit');
      agent.kill('SIGTERM');
      const [code] = await exit;
      if (code !== 0) throw new Error(`the agent ended with ${code}:\n${log}`);
      const summary = JSON.parse(await readFile(summaryFile, 'utf8')) as AgentSummary;
      return { summary, spans: await sink.spans(), metrics: await sink.metrics(), log };
    },
  };
}

/** Sends bytes over a connection of their own and reads until the server closes it. */
export async function sendRaw(address: string, request: string): Promise<string> {
  const [host = '', port = ''] = address.split(':');
  const socket = connect(Number(port), host);
  socket.setEncoding('utf8').setTimeout(10_000, () => socket.destroy(new Error('no answer within 10 s')));
  let answer = '';
  socket.on('data', (text: string) => {
    answer += text;
  });
  await once(socket, 'connect');
  socket.write(request);
  await once(socket, 'close');
  return answer;
}

/** Sum of the calls that were dropped, whatever the reason. */
export function dropped(probe: ProbeSummary): number {
  return Object.values(probe.dropped).reduce((sum, count) => sum + count, 0);
}
