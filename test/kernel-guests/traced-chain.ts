/** In a guest: three services that ask each other (test/targets/chain), with headers written into their requests. */
import type { GuestFiles } from './guest-files.ts';
import type { ScriptOptions } from './guest-script.ts';
import { type TracedServices, tracedServices } from './traced-services.ts';

/** As test/targets/chain prints it, of one service. */
export interface ChainCounts {
  readonly name: string;
  readonly go: string;
  readonly requests: number;
  readonly corrupt: number;
  readonly protocol: Readonly<Record<string, number>>;
  readonly with: Readonly<Record<string, number>>;
  readonly own: Readonly<Record<string, number>>;
  readonly without: Readonly<Record<string, number>>;
  readonly wrong: Readonly<Record<string, number>>;
  readonly state: Readonly<Record<string, number>>;
}

export interface TracedChain extends TracedServices {
  /** Undefined when the agent ended before any load was sent. */
  readonly counts: readonly ChainCounts[] | undefined;
  /** That all requests took, by the guest's clock. */
  readonly seconds: number | undefined;
}

export interface ChainOptions extends ScriptOptions {
  readonly requests: number;
  readonly connections: number;
  /** How the chain's services ask each other; `http2`: by TLS too. */
  readonly by: 'http' | 'http2';
  /** Of the traces that begin with the first service, which are kept: 1 for all. */
  readonly ratio: number;
  /** OTEL_TRACES_SAMPLER; left out: the one that follows the parent. */
  readonly sampler?: string | undefined;
  /** OTEL_PROPAGATORS, and the headers that the services expect; left out: traceparent. */
  readonly formats?: string | undefined;
  /** The tracestate of every second request that is sent to the first service. */
  readonly state?: string | undefined;
}

const services = [
  { name: 'shop', port: 8081 },
  { name: 'cart', port: 8082 },
  { name: 'payments', port: 8083 },
] as const;

/** The programs that it needs are /programs/chain-shop, chain-cart, chain-payments and drive. */
export async function tracedChain(files: GuestFiles, options: ChainOptions): Promise<TracedChain> {
  const { requests, connections, by, ratio, formats = 'tracecontext', state = '' } = options;
  const url = `http://127.0.0.1:${services[0].port}`;
  const traced = await tracedServices(files, options, {
    start: services.map((_, index) => startService(index, by, formats)),
    exe: '/programs/chain-*',
    // A server and a client each, but for the last one; the counts are asked for likewise.
    spans: ratio < 1 ? 0 : (2 * services.length - 1) * (requests + 1),
    ratio,
    sampler: options.sampler,
    propagators: formats,
    processes: services.length,
    drive: `
    begun=$(date +%s)
    /programs/drive -drive ${url} -n ${requests} -c ${connections} -state '${state}' >/tmp/counts.json 2>/tmp/drive.log || { show log </tmp/drive.log; exit 91; }
    show counts </tmp/counts.json
    echo $(($(date +%s) - begun)) | show seconds`,
  });
  const counts = traced.part('counts');
  const seconds = traced.part('seconds');
  return {
    ...traced,
    counts: counts === undefined ? undefined : (JSON.parse(counts) as readonly ChainCounts[]),
    seconds: seconds === undefined ? undefined : Number(seconds),
  };
}

function startService(index: number, by: 'http' | 'http2', formats: string): string {
  const { name, port } = services[index] ?? services[0];
  const next = services[index + 1];
  // The first one is asked by the driver, in plain HTTP.
  const tls = index > 0 && by === 'http2' ? '-tls' : '';
  const asking =
    by === 'http2' ? `-next https://127.0.0.1:${next?.port} -http2` : `-next http://127.0.0.1:${next?.port}`;
  return `OTEL_SERVICE_NAME=${name} /programs/chain-${name} -name ${name} -listen 127.0.0.1:${port} -formats ${formats} ${tls} ${next === undefined ? '' : asking} 2>/tmp/${name}.log &
    wait_for $! 'grep -q listening /tmp/${name}.log' || exit 90`;
}
