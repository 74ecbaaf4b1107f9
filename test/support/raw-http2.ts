/** HTTP/2 of any bytes (RFC 9113, RFC 7541): Node's client refuses to send what a test of bad input needs. */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Name and value, a byte a character. */
export type RawHeader = readonly [string, string];

export interface RawRequest {
  readonly headers: readonly RawHeader[];
  readonly body?: Buffer;
}

/** answered: headers came, of a handler's or the server's own; reset: the stream or the connection ended without. */
export type RawOutcome = 'answered' | 'reset';

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const frameType = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8, continuation: 9 };
const flag = { ack: 1, endStream: 1, endHeaders: 4 };
const headBytes = 9;
/** Unless the server's settings say more. */
const maxFrameBytes = 16_384;
const streamLimit = 2 ** 20;

/** Sends requests one after the other, over as many connections as it takes. @returns what became of each */
export async function sendHttp2(
  address: string,
  requests: readonly RawRequest[],
  { tls = false }: { readonly tls?: boolean } = {},
): Promise<RawOutcome[]> {
  const outcomes: RawOutcome[] = [];
  let connection: Connection | undefined;
  try {
    for (const request of requests) {
      if (connection === undefined || connection.isOver) {
        connection?.end();
        connection = await open(address, tls);
      }
      outcomes.push(await connection.send(request));
    }
  } finally {
    connection?.end();
  }
  return outcomes;
}

interface Connection {
  readonly isOver: boolean;
  send(request: RawRequest): Promise<RawOutcome>;
  end(): void;
}

async function open(address: string, tls: boolean): Promise<Connection> {
  const [host = '', port] = address.split(':');
  const socket: Socket = tls
    ? connectTls({ host, port: Number(port), ALPNProtocols: ['h2'], rejectUnauthorized: false })
    : connectTcp(Number(port), host);
  await once(socket, tls ? 'secureConnect' : 'connect');
  let isOver = false;
  let nextStream = 1;
  let waiting:
    | { readonly stream: number; answered: boolean; readonly resolve: (outcome: RawOutcome) => void }
    | undefined;
  let received = Buffer.alloc(0);

  const settle = (outcome: RawOutcome) => {
    const { resolve, answered } = waiting ?? {};
    waiting = undefined;
    resolve?.(answered ? 'answered' : outcome);
  };
  const over = () => {
    isOver = true;
    settle('reset');
  };
  function onFrame(type: number, flags: number, stream: number, payload: Buffer): void {
    if (type === frameType.settings && !(flags & flag.ack)) socket.write(frame(frameType.settings, flag.ack, 0));
    if (type === frameType.goAway) {
      isOver = true;
      // With an error the server answers no more, and closes after a second; else it answers what it has begun.
      if (payload.readUInt32BE(4) !== 0) settle('reset');
    }
    if (stream === 0 || stream !== waiting?.stream) return;
    if (type === frameType.headers) waiting.answered = true;
    if (type === frameType.reset) settle('reset');
    else if ((type === frameType.headers || type === frameType.data) && flags & flag.endStream) settle('answered');
  }
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data]);
    while (received.length >= headBytes && received.length >= headBytes + received.readUIntBE(0, 3)) {
      const size = received.readUIntBE(0, 3);
      onFrame(
        received[3]!,
        received[4]!,
        received.readUInt32BE(5) & 0x7fffffff,
        received.subarray(headBytes, headBytes + size),
      );
      received = received.subarray(headBytes + size);
    }
  });
  socket.on('error', over).on('close', over);
  socket.write(Buffer.concat([Buffer.from(preface), frame(frameType.settings, 0, 0), windowUpdate()]));

  return {
    get isOver() {
      return isOver || nextStream > streamLimit;
    },
    send({ headers, body }) {
      const stream = nextStream;
      nextStream += 2;
      const { promise, resolve } = Promise.withResolvers<RawOutcome>();
      waiting = { stream, answered: false, resolve };
      if (socket.destroyed) settle('reset');
      else socket.write(requestFrames(stream, headers, body));
      return promise;
    },
    end: () => void socket.destroy(),
  };
}

function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Of the whole connection: answers are read at once. */
function windowUpdate(): Buffer {
  const most = Buffer.alloc(4);
  most.writeUInt32BE(2 ** 31 - 1 - 65_535);
  return frame(frameType.windowUpdate, 0, 0, most);
}

function requestFrames(stream: number, headers: readonly RawHeader[], body: Buffer | undefined): Buffer {
  const block = Buffer.concat(headers.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < block.length; at += maxFrameBytes) {
    const type = at === 0 ? frameType.headers : frameType.continuation;
    const isLast = at + maxFrameBytes >= block.length;
    const ends = at === 0 && body === undefined ? flag.endStream : 0;
    frames.push(frame(type, ends | (isLast ? flag.endHeaders : 0), stream, block.subarray(at, at + maxFrameBytes)));
  }
  if (body !== undefined) frames.push(frame(frameType.data, flag.endStream, stream, body));
  return Buffer.concat(frames);
}

/** RFC 7541, 5.2: a length, and so many bytes as they are. */
function text(value: string): Buffer {
  return Buffer.concat([integer(value.length, 7), Buffer.from(value, 'latin1')]);
}

/** RFC 7541, 5.1: the bits above the prefix are zero. */
function integer(value: number, prefixBits: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.from([value]);
  const bytes = [most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
