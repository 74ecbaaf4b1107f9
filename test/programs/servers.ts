/** Programs of Debian's packages: stripped, built by Debian's Go without modules, so without versions in build info. */
import { join } from 'node:path';
import type { DebianSuite } from '../support/debian.ts';
import { counter, repeat, request, requests } from './driver.ts';
import type { Here, Program } from './program.ts';

const requestCount = 200;
const clientRuns = 20;

const local = (port: number, path = ''): string => `http://127.0.0.1:${port}${path}`;

/** The Docker engine: position-independent, linked by an external linker, without a .gopclntab section. */
export function dockerd(suite: DebianSuite, client: string): Program {
  const socket = ({ folder }: Here) => join(folder, 'docker.sock');
  const docker = (here: Here, count: number, ...args: string[]) =>
    repeat(count, [join(here.unpacked, 'usr/bin/docker'), '--host', `unix://${socket(here)}`, ...args]);
  const packages = ['docker.io', ...(client === 'docker.io' ? [] : [client]), 'containerd', 'runc', 'tini'];
  return {
    name: `dockerd ${suite}`,
    source: { suite, packages },
    path: 'usr/sbin/dockerd',
    versionArgs: ['--version'],
    start: (here) => ({
      // Nothing of the machine's network is touched, and no file system is mounted.
      args: [
        ...['--data-root', join(here.folder, 'data'), '--exec-root', join(here.folder, 'exec')],
        ...['--pidfile', join(here.folder, 'pid'), '--host', `unix://${socket(here)}`, '--storage-driver', 'vfs'],
        ...['--bridge', 'none', '--iptables=false', '--ip-forward=false', '--ip-masq=false'],
      ],
      env: { PATH: `${join(here.unpacked, 'usr/bin')}:${join(here.unpacked, 'usr/sbin')}:${process.env.PATH}` },
    }),
    ready: (here) => docker(here, 1, 'version'),
    traced: 'network.(*networkRouter).getNetworksList',
    async drive(here) {
      await docker(here, clientRuns, 'network', 'ls');
      const path = suite === 'bookworm' ? '/v1.41/networks' : '/v1.45/networks';
      return { calls: clientRuns, requests: { 'HEAD /_ping 200': clientRuns, [`GET ${path} 200`]: clientRuns } };
    },
  };
}

export function containerd(suite: DebianSuite): Program {
  const socket = ({ folder }: Here) => join(folder, 'containerd.sock');
  const namespaces = (here: Here, count: number) =>
    repeat(count, [join(here.unpacked, 'usr/bin/ctr'), '--address', socket(here), 'namespaces', 'ls']);
  return {
    name: `containerd ${suite}`,
    source: { suite, packages: ['containerd'] },
    path: 'usr/bin/containerd',
    versionArgs: ['--version'],
    start: (here) => ({
      args: ['--config', 'config.toml'],
      files: {
        'config.toml': `
          version = 2
          root = "${here.folder}/root"
          state = "${here.folder}/state"
          disabled_plugins = ["io.containerd.grpc.v1.cri"]
          [grpc]
            address = "${socket(here)}"
          [ttrpc]
            address = "${socket(here)}.ttrpc"
          [metrics]
            address = "127.0.0.1:${here.ports[0]}"
            grpc_histogram = true
        `,
      },
    }),
    ready: (here) => namespaces(here, 1),
    traced: 'namespaces.(*service).List',
    async drive(here) {
      await namespaces(here, clientRuns);
      const requests = { 'containerd.services.namespaces.v1.Namespaces/List': clientRuns };
      // Since 1.7 the client asks each time for the server's deprecation warnings.
      const newer = { 'containerd.services.introspection.v1.Introspection/Server': clientRuns };
      return { calls: clientRuns, requests: suite === 'bookworm' ? requests : { ...requests, ...newer } };
    },
    own: {
      name: 'grpc_server_handled_total',
      read: ({ ports }) =>
        counter(local(ports[0], '/v1/metrics'), 'grpc_server_handled_total', 'grpc_method="List"', 'v1.Namespaces"'),
    },
  };
}

export function etcd(suite: DebianSuite): Program {
  return {
    name: `etcd ${suite}`,
    source: { suite, packages: ['etcd-server', 'etcd-client'] },
    path: 'usr/bin/etcd',
    versionArgs: ['--version'],
    start: ({ folder, ports: [client, peer] }) => ({
      args: [
        ...['--data-dir', join(folder, 'data'), '--metrics', 'extensive'],
        ...['--listen-client-urls', local(client), '--advertise-client-urls', local(client)],
        ...['--listen-peer-urls', local(peer), '--initial-advertise-peer-urls', local(peer)],
        ...['--initial-cluster', `default=${local(peer)}`],
      ],
    }),
    ready: ({ ports }) => request(local(ports[0], '/health')),
    traced: 'v3rpc.(*kvServer).Put',
    async drive({ unpacked, ports }) {
      const etcdctl = join(unpacked, 'usr/bin/etcdctl');
      await repeat(clientRuns, [etcdctl, '--endpoints', local(ports[0]), 'put', 'key', 'value'], { ETCDCTL_API: '3' });
      return { calls: clientRuns, requests: { 'etcdserverpb.KV/Put': clientRuns } };
    },
    own: {
      name: 'grpc_server_handled_total',
      read: ({ ports }) =>
        counter(local(ports[0], '/metrics'), 'grpc_server_handled_total', 'grpc_code="OK"', 'grpc_method="Put"'),
    },
  };
}

export function prometheus(suite: DebianSuite): Program {
  return {
    name: `prometheus ${suite}`,
    source: { suite, packages: ['prometheus'] },
    path: 'usr/bin/prometheus',
    versionArgs: ['--version'],
    start: ({ folder, ports }) => ({
      args: [
        ...['--config.file=prometheus.yml', `--storage.tsdb.path=${join(folder, 'data')}`],
        `--web.listen-address=127.0.0.1:${ports[0]}`,
      ],
      files: { 'prometheus.yml': 'global:\n  scrape_interval: 1h\n' },
    }),
    ready: ({ ports }) => request(local(ports[0], '/-/ready')),
    traced: 'v1.(*API).query',
    async drive({ ports }) {
      await requests(requestCount, local(ports[0], '/api/v1/query?query=up'));
      return { calls: requestCount, requests: { 'GET /api/v1/query 200': requestCount } };
    },
    own: {
      name: 'prometheus_http_requests_total',
      read: ({ ports }) =>
        counter(local(ports[0], '/metrics'), 'prometheus_http_requests_total', 'handler="/api/v1/query"'),
    },
  };
}

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

export function nodeExporter(suite: DebianSuite): Program {
  return {
    name: `node_exporter ${suite}`,
    source: { suite, packages: ['prometheus-node-exporter'] },
    path: 'usr/bin/prometheus-node-exporter',
    versionArgs: ['--version'],
    start: ({ ports }) => ({
      args: [
        ...['--collector.disable-defaults', '--collector.loadavg', '--collector.time'],
        `--web.listen-address=127.0.0.1:${ports[0]}`,
      ],
    }),
    ready: ({ ports }) => request(local(ports[0], '/')),
    traced: 'collector.NodeCollector.Collect',
    async drive({ ports }) {
      await requests(requestCount, local(ports[0], '/metrics'));
      return { calls: requestCount, requests: { 'GET /metrics 200': requestCount }, own: requestCount + 1 };
    },
    own: {
      name: 'promhttp_metric_handler_requests_total',
      read: ({ ports }) => counter(local(ports[0], '/metrics'), 'promhttp_metric_handler_requests_total', 'code="200"'),
    },
  };
}
