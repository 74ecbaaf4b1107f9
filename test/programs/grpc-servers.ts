/** Servers of gRPC: etcd and GoBGP of Debian's packages, Jaeger as its module builds. */
import { join } from 'node:path';
import type { DebianSuite } from '../support/debian.ts';
import { jaegerModule } from '../support/jaeger.ts';
import { counter, local, repeat, request, unaryCalls } from './driver.ts';
import type { Program } from './program.ts';

const callCount = 200;
const clientRuns = 20;

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

export function gobgpd(suite: DebianSuite): Program {
  const method = 'apipb.GobgpApi/GetBgp';
  const address = (port: number) => `127.0.0.1:${port}`;
  return {
    name: `gobgpd ${suite}`,
    source: { suite, packages: ['gobgpd'] },
    path: 'usr/bin/gobgpd',
    versionArgs: ['--version'],
    start: ({ ports }) => ({ args: ['--api-hosts', address(ports[0]), '--pprof-disable'] }),
    ready: ({ ports }) => unaryCalls(1, address(ports[0]), method),
    traced: 'server.(*BgpServer).GetBgp',
    async drive({ ports }) {
      await unaryCalls(callCount, address(ports[0]), method);
      return { calls: callCount, requests: { [method]: callCount } };
    },
  };
}

/** OpenTelemetry's collector with Jaeger's storage and query: takes spans by OTLP. */
export function jaeger(): Program {
  const method = 'opentelemetry.proto.collector.trace.v1.TraceService/Export';
  return {
    name: 'jaeger',
    source: jaegerModule,
    versionArgs: ['version'],
    start: ({ ports: [query, otlp, metrics] }) => ({
      args: ['--config', 'config.yaml'],
      files: {
        'config.yaml': JSON.stringify({
          extensions: {
            jaeger_storage: { backends: { memory: { memory: { max_traces: 1000 } } } },
            jaeger_query: {
              storage: { traces: 'memory' },
              http: { endpoint: `127.0.0.1:${query}` },
              grpc: { endpoint: '127.0.0.1:0' },
            },
          },
          receivers: { otlp: { protocols: { grpc: { endpoint: `127.0.0.1:${otlp}` } } } },
          exporters: { jaeger_storage_exporter: { trace_storage: 'memory' } },
          service: {
            extensions: ['jaeger_storage', 'jaeger_query'],
            pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } },
            telemetry: {
              metrics: {
                level: 'normal',
                readers: [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port: metrics } } } }],
              },
            },
          },
        }),
      },
    }),
    ready: ({ ports }) => request(local(ports[0], '/api/services')),
    traced: 'otlpreceiver/internal/trace.(*Receiver).Export',
    async drive({ ports }) {
      const span = Buffer.concat([
        field(1, Buffer.alloc(16, 7)),
        field(2, Buffer.alloc(8, 7)),
        field(5, Buffer.from('x')),
      ]);
      // ExportTraceServiceRequest.resource_spans[0].scope_spans[0].spans[0]
      await unaryCalls(callCount, `127.0.0.1:${ports[1]}`, method, field(1, field(2, field(2, span))));
      return { calls: callCount, requests: { [method]: callCount } };
    },
    own: {
      name: 'otelcol_receiver_accepted_spans',
      read: ({ ports }) =>
        counter(local(ports[2], '/metrics'), 'otelcol_receiver_accepted_spans_total', 'transport="grpc"'),
    },
  };
}

/** A protobuf field of bytes, shorter than 128. */
function field(number: number, bytes: Uint8Array): Buffer<ArrayBuffer> {
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}
