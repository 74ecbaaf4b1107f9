/** Docker's engine, containerd and the registry, of Debian's packages. */
import { join } from 'node:path';
import type { DebianSuite } from '../support/debian.ts';
import { counter, local, repeat, request, requests } from './driver.ts';
import type { Here, Program } from './program.ts';

const requestCount = 200;
const clientRuns = 20;

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

export function dockerRegistry(suite: DebianSuite): Program {
  return {
    name: `docker-registry ${suite}`,
    source: { suite, packages: ['docker-registry'] },
    path: 'usr/bin/docker-registry',
    versionArgs: ['--version'],
    start: ({ folder, ports: [port, debug] }) => ({
      args: ['serve', 'config.yml'],
      files: {
        'config.yml': `
          version: 0.1
          storage: { filesystem: { rootdirectory: ${folder}/data } }
          http:
            addr: 127.0.0.1:${port}
            debug: { addr: 127.0.0.1:${debug}, prometheus: { enabled: true } }
        `.replaceAll(/^ {10}/gm, ''),
      },
    }),
    ready: ({ ports }) => request(local(ports[0], '/v2/')),
    traced: 'handlers.apiBase',
    async drive({ ports }) {
      await requests(requestCount, local(ports[0], '/v2/'));
      await requests(50, local(ports[0], '/v2/none/tags/list'), 404);
      return { calls: requestCount, requests: { 'GET /v2/ 200': requestCount, 'GET /v2/none/tags/list 404': 50 } };
    },
    own: {
      name: 'registry_http_requests_total',
      read: ({ ports }) => counter(local(ports[1], '/metrics'), 'registry_http_requests_total', 'handler="base"'),
    },
  };
}
