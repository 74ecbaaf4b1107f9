/**
 * A real OTLP receiver for tests: the Go program test/targets/otlpsink, built on OpenTelemetry's own Go packages.
 * It keeps what it receives and answers as it is told to.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { goTarget } from './go-target.ts';

/** How requests are answered. */
export interface SinkBehaviour {
  /** `unavailable`: gRPC UNAVAILABLE, HTTP 503; `refuse`: INVALID_ARGUMENT, 400; `throttle`: RESOURCE_EXHAUSTED, 429. */
  readonly mode: 'ok' | 'unavailable' | 'refuse' | 'throttle' | 'partial' | 'hang';
  /** For so many requests, then `ok`; left out: for all. */
  readonly requests?: number;
  /** Wait so long before answering. */
  readonly delayMs?: number;
  /** `throttle`: HTTP sends whole seconds. */
  readonly retryAfterMs?: number;
  /** `partial`: spans refused of each request. */
  readonly rejected?: number;
}

export interface SinkState {
  readonly requests: number;
  /** Requests by the mode in which they were answered. */
  readonly answered: Readonly<Record<string, number>>;
  /** Accepted; `distinctSpans` counts those that came twice once. */
  readonly spans: number;
  readonly distinctSpans: number;
  readonly metricRequests: number;
  readonly dataPoints: number;
  /** Of the last request, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Compression of the last request: `gzip` or empty. */
  readonly encoding: string;
  readonly bytes: number;
}

export type SinkAttributes = Readonly<Record<string, string | number | boolean | null | readonly unknown[]>>;

export interface SinkSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly flags: number;
  readonly name: string;
  /** `SERVER`, `INTERNAL` … */
  readonly kind: string;
  readonly startUnixNs: string;
  readonly durationNs: number;
  readonly attributes: SinkAttributes;
  /** `UNSET`, `OK`, `ERROR` */
  readonly status: string;
  readonly statusMessage?: string;
  readonly events?: readonly { readonly name: string; readonly attributes: SinkAttributes }[];
  readonly resource: SinkAttributes;
  readonly scope: string;
  readonly scopeVersion: string;
  readonly schemaUrl: string;
  readonly receivedUnixMs: number;
}

export interface SinkPoint {
  readonly resource: SinkAttributes;
  readonly scope: string;
  readonly name: string;
  readonly unit: string;
  /** `counter`, `sum`, `gauge`, `histogram`, `exponential histogram` */
  readonly type: string;
  readonly temporality?: string;
  readonly attributes: SinkAttributes;
  /** Of a histogram the sum. */
  readonly value: number;
  readonly count?: number;
  readonly buckets?: readonly number[];
  readonly bounds?: readonly number[];
  /** Of an exponential histogram: `buckets` are those from the index `offset` on. */
  readonly scale?: number;
  readonly offset?: number;
  readonly zeroCount?: number;
  readonly exemplars?: readonly SinkExemplar[];
  readonly startUnixNs: string;
  readonly timeUnixNs: string;
}

export interface SinkExemplar {
  readonly unixNs: string;
  readonly value: number;
  readonly traceId: string;
  readonly spanId: string;
}

export interface OtlpSinkOptions {
  /** `127.0.0.1:4317`; left out: any free port. */
  readonly grpc?: string;
  readonly http?: string;
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientCa?: string };
}

export interface OtlpSink extends AsyncDisposable {
  readonly pid: number;
  /** `127.0.0.1:41234`, without a scheme. */
  readonly grpc: string;
  readonly http: string;
  state(): Promise<SinkState>;
  /** Oldest first. */
  spans(): Promise<SinkSpan[]>;
  /** Of the last request of each resource. */
  metrics(): Promise<SinkPoint[]>;
  behave(behaviour: SinkBehaviour): Promise<void>;
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** Builds the receiver, if need be, and starts it. `await using` stops it. */
export async function startOtlpSink(options: OtlpSinkOptions = {}): Promise<OtlpSink> {
  const { grpc, http, tls } = options;
  const args = [
    ...(grpc ? ['-grpc', grpc] : []),
    ...(http ? ['-http', http] : []),
    ...(tls ? ['-certificate', tls.certificate, '-key', tls.key] : []),
    ...(tls?.clientCa ? ['-client-ca', tls.clientCa] : []),
  ];
  const child = spawn(await goTarget('otlpsink'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const addresses = await firstLine(child);
  const control = `http://${addresses.control}`;

  async function ask(path: string, body?: unknown): Promise<Response> {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(control + path, init);
    if (!response.ok) throw new Error(`otlpsink ${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  return {
    pid: child.pid ?? 0,
    grpc: addresses.grpc,
    http: addresses.http,
    state: async () => (await (await ask('/state')).json()) as SinkState,
    spans: async () => (await (await ask('/spans')).json()) as SinkSpan[],
    metrics: async () => (await (await ask('/metrics')).json()) as SinkPoint[],
    behave: async (behaviour) => void (await ask('/behave', behaviour)),
    reset: async () => void (await ask('/reset', {})),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const run = promisify(execFile);

/**
 * Writes certificates for 127.0.0.1 into a folder: ca.pem, server.pem, server-key.pem, client.pem, client-key.pem, and
 * other-ca.pem, which signed none of them.
 */
export async function makeCertificates(folder: string): Promise<void> {
  await run(await goTarget('otlpsink'), ['-make-certificates', folder]);
}

async function firstLine(child: ChildProcess): Promise<{ grpc: string; http: string; control: string }> {
  if (child.stdout === null) throw new Error('otlpsink has no stdout');
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`otlpsink ended (${code ?? signal}) before it listened`);
  });
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])) as [string];
  return JSON.parse(line) as { grpc: string; http: string; control: string };
}
