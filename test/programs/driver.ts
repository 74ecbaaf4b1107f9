/** Bounded loops of requests, and the counters that programs publish. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { Client, credentials } from '@grpc/grpc-js';
import { seriesOf } from '../support/exposition.ts';

const run = promisify(execFile);

const requestTimeoutMs = 20_000;
const inParallel = 4;
/** Connections are kept: most servers close idle ones only after minutes. */
const agent = new Agent({ keepAlive: true, maxSockets: inParallel });

/** `http://127.0.0.1:PORT/PATH` */
export function local(port: number, path = ''): string {
  return `http://127.0.0.1:${port}${path}`;
}

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends `count` requests, a few at a time, and reads the answers. @throws Error when one has another status */
export async function requests(count: number, url: string, status = 200, options: RequestOptions = {}): Promise<void> {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await request(url, status, options);
  };
  await Promise.all(Array.from({ length: inParallel }, worker));
}

/** One request; returns the text of the answer. Not by `fetch`: servers refuse what its headers say of browsers. */
export async function request(url: string, status = 200, { body, ...options }: RequestOptions = {}): Promise<string> {
  const outgoing = httpRequest(url, { agent, timeout: requestTimeoutMs, ...options });
  outgoing.on('timeout', () => outgoing.destroy(new Error(`${url}: no answer within ${requestTimeoutMs} ms`)));
  outgoing.end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const answer = await text(incoming);
  if (incoming.statusCode !== status) throw new Error(`${url}: ${incoming.statusCode} ${answer.slice(0, 500)}`);
  return answer;
}

/** Calls a gRPC method `count` times over one connection, without TLS; `message` is the encoded request. */
export async function unaryCalls(
  count: number,
  address: string,
  method: string,
  message = Buffer.alloc(0),
): Promise<void> {
  const client = new Client(address, credentials.createInsecure());
  const asIs = (bytes: Buffer) => bytes;
  const call = promisify(client.makeUnaryRequest<Buffer, Buffer>).bind(client);
  try {
    for (let index = 0; index < count; index++) await call(`/${method}`, asIs, asIs, message);
  } finally {
    client.close();
  }
}

/** Runs a client `count` times, one after the other. */
export async function repeat(
  count: number,
  [command = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  for (let index = 0; index < count; index++) {
    await run(command, args, { env: { ...process.env, ...env }, timeout: requestTimeoutMs });
  }
}

/**
 * Sum of the series of a Prometheus exposition that have the name and all of the labels.
 * @param labels as they are printed: `code="200"`.
 */
export async function counter(url: string, name: string, ...labels: readonly string[]): Promise<number> {
  return seriesOf(await request(url))
    .filter((series) => series.name === name && labels.every((label) => series.labelText.includes(label)))
    .reduce((sum, { value }) => sum + value, 0);
}

/** Ports that were free a moment ago. */
export async function freePorts(): Promise<[number, number, number]> {
  const servers = [createServer(), createServer(), createServer()];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return ports as [number, number, number];
}
