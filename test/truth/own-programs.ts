/** Programs that people run, driven in many ways, and what their own metrics count of it. */
import { connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { Client, credentials } from '@grpc/grpc-js';
import { counter, local, request } from '../programs/driver.ts';
import { etcd } from '../programs/grpc-servers.ts';
import type { Here, Program } from '../programs/program.ts';
import { caddy } from '../programs/web-servers.ts';
import type { DebianSuite } from '../support/debian.ts';
import type { Series } from '../support/exposition.ts';
import { eventually } from '../support/running.ts';
import { errorRule, grpcWitnesses, headRule } from './own-metric-names.ts';
import type { Witness } from './own-metrics.ts';

export interface OwnProgram extends Pick<Program, 'name' | 'source' | 'path' | 'start' | 'ready'> {
  /** URL of its metrics. */
  readonly page: (here: Here) => string;
  readonly witnesses: readonly Witness[];
  /** So many rounds of all kinds of requests, which have all ended when it returns; returns what only its clients count. */
  readonly driveAll: (here: Here, rounds: number) => Promise<readonly Series[]>;
}

/** A protobuf field of bytes, shorter than 128, or of an integer below 128. */
function field(number: number, value: string | Buffer | number): Buffer {
  if (typeof value === 'number') return Buffer.from([number << 3, value]);
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

const unknownMethod = 'Missing';

/** Method of etcd's API, and an encoded request. */
const etcdCalls: readonly (readonly [string, Buffer])[] = [
  ['etcdserverpb.KV/Put', Buffer.concat([field(1, 'key'), field(2, 'value')])],
  ['etcdserverpb.KV/Put', field(2, 'without a key')],
  ['etcdserverpb.KV/Range', field(1, 'key')],
  // Of a revision that is to come.
  ['etcdserverpb.KV/Range', Buffer.concat([field(1, 'key'), Buffer.from([4 << 3, 0xff, 0xff, 0xff, 0x7f])])],
  ['etcdserverpb.KV/DeleteRange', field(1, 'other')],
  ['etcdserverpb.KV/Txn', Buffer.alloc(0)],
  ['etcdserverpb.Lease/LeaseGrant', field(1, 60)],
  ['etcdserverpb.Lease/LeaseRevoke', field(1, 77)],
  ['etcdserverpb.Cluster/MemberList', Buffer.alloc(0)],
  ['etcdserverpb.Maintenance/Status', Buffer.alloc(0)],
  ['etcdserverpb.Auth/Authenticate', Buffer.concat([field(1, 'who'), field(2, 'what')])],
  ['grpc.health.v1.Health/Check', Buffer.alloc(0)],
  [`etcdserverpb.KV/${unknownMethod}`, Buffer.alloc(0)],
];

function ownEtcd(suite: DebianSuite): OwnProgram {
  return {
    ...etcd(suite),
    page: ({ ports }) => local(ports[0], '/metrics'),
    witnesses: grpcWitnesses({ older: true, unknownMethod }).filter(({ side }) => side === 'rpc.server'),
    async driveAll({ ports }, rounds) {
      const client = new Client(`127.0.0.1:${ports[0]}`, credentials.createInsecure());
      const asIs = (bytes: Buffer) => bytes;
      const call = promisify(client.makeUnaryRequest<Buffer, Buffer>).bind(client);
      for (let round = 0; round < rounds; round++) {
        for (const [method, message] of etcdCalls) await call(`/${method}`, asIs, asIs, message).catch(() => {});
        await readAll(
          client.makeServerStreamRequest('/etcdserverpb.Maintenance/Snapshot', asIs, asIs, Buffer.alloc(0)),
        );
        const watch = client.makeBidiStreamRequest('/etcdserverpb.Watch/Watch', asIs, asIs);
        watch.write(field(1, field(1, 'key')));
        watch.once('data', () => watch.cancel());
        await readAll(watch);
        const alive = client.makeBidiStreamRequest('/etcdserverpb.Lease/LeaseKeepAlive', asIs, asIs);
        alive.write(field(1, 77));
        alive.end();
        await readAll(alive);
        const body = JSON.stringify({ key: Buffer.from('key').toString('base64') });
        await request(local(ports[0], '/v3/kv/range'), 200, { method: 'POST', body });
      }
      client.close();
      // Calls that were cancelled have ended here, and end there.
      const total = (name: string) => counter(local(ports[0], '/metrics'), name);
      await eventually(
        async () => (await total('grpc_server_started_total')) - (await total('grpc_server_handled_total')),
        (running) => running === 0,
      );
      const labels = { grpc_service: 'etcdserverpb.KV', grpc_method: unknownMethod, grpc_code: 'Unimplemented' };
      return [{ name: 'grpc_client_handled_total', labels, labelText: '', value: rounds }];
    },
  };
}

async function readAll(stream: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const _ of stream);
  } catch {
    // A status.
  }
}

function ownCaddy(suite: DebianSuite): OwnProgram {
  const program = caddy(suite);
  const newer = suite === 'trixie-backports';
  // Of the outermost handler of each request.
  const key: Witness['key'] = ({ handler, method, code = 'error' }) =>
    handler === 'subroute' ? `${method ?? 'GET'} ${code}` : undefined;
  // Requests that end with an error of a handler count as such, without a status.
  const errors = newer ? [] : ['caddy_http_request_errors_total'];
  return {
    ...program,
    start: (here) => ({ ...program.start(here), files: { Caddyfile: caddyfile(here, newer) } }),
    page: ({ ports }) => local(ports[1], '/metrics'),
    witnesses: [
      {
        side: 'http.server',
        quantity: 'calls',
        series: ['caddy_http_request_duration_seconds_count', ...errors],
        key,
        rules: newer ? [] : [errorRule],
      },
      {
        side: 'http.server',
        quantity: 'response bytes',
        series: ['caddy_http_response_size_bytes_sum'],
        key,
        rules: [headRule],
      },
    ],
    async driveAll({ ports: [port] }, rounds) {
      const session = connect(local(port));
      for (let round = 0; round < rounds; round++) {
        for (const [method, path, status, body] of caddyRequests) {
          await request(local(port, path), status, { method, ...(body && { body }) });
          const stream = session.request({ ':method': method, ':path': path });
          stream.end(body);
          await text(stream);
        }
      }
      session.close();
      return [];
    },
  };
}

const caddyRequests: readonly (readonly [string, string, number, string?])[] = [
  ['GET', '/hi', 200],
  ['HEAD', '/hi', 200],
  ['GET', '/gone', 410],
  ['GET', '/moved', 302],
  ['GET', '/large', 200],
  ['POST', '/hi', 200, 'body'],
  ['PUT', '/hi', 200, 'body'],
  ['GET', '/proxied/hi', 200],
  ['GET', '/dead/hi', 502],
  ['GET', '/wrong', 503],
  ['GET', '/nothing', 200],
];

function caddyfile({ ports: [port, admin, dead] }: Here, newer: boolean): string {
  return `{
    admin 127.0.0.1:${admin}
    ${newer ? 'metrics' : ''}
    servers {
      ${newer ? '' : 'metrics'}
      protocols h1 h2c
    }
  }
  http://127.0.0.1:${port} {
    respond /hi "hello"
    respond /gone 410
    redir /moved /hi
    respond /large "${'x'.repeat(20_000)}"
    error /wrong 503
    handle_path /proxied/* {
      reverse_proxy 127.0.0.1:${port}
    }
    reverse_proxy /dead/* 127.0.0.1:${dead}
  }
  `;
}

export const ownPrograms: readonly OwnProgram[] = [
  ...(['trixie', 'bookworm'] as const).map(ownEtcd),
  ...(['trixie-backports', 'trixie', 'bookworm'] as const).map(ownCaddy),
];
