/** Servers of HTTP for people: caddy, ntfy, restic's server; and NATS, which has a protocol of its own beside it. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { DebianSuite } from '../support/debian.ts';
import { counter, local, request, requests } from './driver.ts';
import type { Here, Program } from './program.ts';

const requestCount = 200;

export function caddy(suite: DebianSuite): Program {
  return {
    name: `caddy ${suite}`,
    source: { suite, packages: ['caddy'] },
    path: 'usr/bin/caddy',
    versionArgs: ['version'],
    start: ({ folder, ports: [port, admin] }) => ({
      args: ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
      env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
      files: {
        Caddyfile: `{
          admin 127.0.0.1:${admin}
          servers {
            ${suite === 'trixie-backports' ? '' : 'metrics'}
          }
          ${suite === 'trixie-backports' ? 'metrics' : ''}
        }
        http://127.0.0.1:${port} {
          respond /hi "hello"
          respond /gone 410
        }
        `,
      },
    }),
    ready: ({ ports }) => request(local(ports[0], '/hi')),
    traced: 'caddyhttp.StaticResponse.ServeHTTP',
    async drive({ ports }) {
      await requests(requestCount, local(ports[0], '/hi'));
      await requests(50, local(ports[0], '/gone'), 410);
      return { calls: requestCount + 50, requests: { 'GET /hi 200': requestCount, 'GET /gone 410': 50 } };
    },
    own: {
      name: 'caddy_http_request_duration_seconds_count',
      read: ({ ports }) => counter(local(ports[1], '/metrics'), 'caddy_http_request_duration_seconds_count', 'GET'),
    },
  };
}

export function ntfy(suite: DebianSuite): Program {
  return {
    name: `ntfy ${suite}`,
    source: { suite, packages: ['ntfy'] },
    path: 'usr/bin/ntfy',
    versionArgs: ['--help'],
    start: ({ ports: [port, metrics] }) => ({
      args: [
        ...['serve', '--config', 'server.yml', '--listen-http', `127.0.0.1:${port}`, '--base-url', local(port)],
        ...['--metrics-listen-http', `127.0.0.1:${metrics}`, '--visitor-request-limit-exempt-hosts', '127.0.0.1'],
      ],
      files: { 'server.yml': 'visitor-message-daily-limit: 0\n' },
    }),
    ready: ({ ports }) => request(local(ports[0], '/v1/health')),
    traced: 'ntfy/server.(*Server).handlePublish',
    async drive({ ports }) {
      // One by one: its database in memory can't be written to from two sides.
      for (let index = 0; index < requestCount; index++) {
        await request(local(ports[0], '/some-topic'), 200, { method: 'POST', body: 'hello' });
      }
      return { calls: requestCount, requests: { 'POST /some-topic 200': requestCount } };
    },
    own: {
      name: 'ntfy_messages_published_success',
      read: ({ ports }) => counter(local(ports[1], '/metrics'), 'ntfy_messages_published_success'),
    },
  };
}

/** Its handlers take the repository's name out of Request.URL before they pass the request on. */
export function resticServer(suite: DebianSuite): Program {
  return {
    name: `restic-rest-server ${suite}`,
    source: { suite, packages: ['restic-rest-server'] },
    path: 'usr/bin/restic-rest-server',
    versionArgs: ['--version'],
    start: ({ folder, ports }) => ({
      args: [
        ...['--path', join(folder, 'data'), '--no-auth', '--listen', `127.0.0.1:${ports[0]}`],
        ...['--prometheus', '--prometheus-no-auth'],
      ],
    }),
    ready: ({ ports }) => request(local(ports[0], '/some/?create=true'), 200, { method: 'POST' }),
    traced: 'repo.(*Handler).saveBlob',
    async drive({ ports }) {
      const paths: Record<string, number> = {};
      for (let index = 0; index < requestCount; index++) {
        const body = `blob ${index}`;
        const path = `/some/data/${createHash('sha256').update(body).digest('hex')}`;
        await request(local(ports[0], path), 200, { method: 'POST', body });
        paths[`POST ${path} 200`] = 1;
      }
      return { calls: requestCount, requests: paths };
    },
    own: {
      name: 'rest_server_blob_write_total',
      read: ({ ports }) => counter(local(ports[0], '/metrics'), 'rest_server_blob_write_total'),
    },
  };
}

/** As Debian builds it, or, with debug information and modules, as its own module does. */
export function nats(suite: DebianSuite | 'module'): Program {
  const debian = { suite: suite as DebianSuite, packages: ['nats-server'] };
  const module = { module: 'github.com/nats-io/nats-server/v2', version: 'v2.15.2', debug: true };
  return {
    name: `nats-server ${suite}`,
    source: suite === 'module' ? module : debian,
    path: 'usr/sbin/nats-server',
    versionArgs: ['--version'],
    start: ({ ports: [client, monitor] }) => ({
      args: ['--addr', '127.0.0.1', '--port', String(client), '--http_port', String(monitor)],
    }),
    ready: ({ ports }) => request(local(ports[1], '/healthz')),
    traced: 'server.(*Server).HandleSubsz',
    async drive({ ports }) {
      await requests(requestCount, local(ports[1], '/subsz'));
      return { calls: requestCount, requests: { 'GET /subsz 200': requestCount } };
    },
    own: { name: 'http_req_stats["/subsz"]', read: subszRequests },
  };
}

async function subszRequests({ ports }: Here): Promise<number> {
  const answer = JSON.parse(await request(local(ports[1], '/varz'))) as { http_req_stats: Record<string, number> };
  return answer.http_req_stats['/subsz'] ?? 0;
}
