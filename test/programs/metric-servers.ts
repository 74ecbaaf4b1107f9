/** Prometheus and its kind, of Debian's packages. */
import { join } from 'node:path';
import type { DebianSuite } from '../support/debian.ts';
import { counter, local, request, requests } from './driver.ts';
import type { Program } from './program.ts';

const requestCount = 200;

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

export function pushgateway(suite: DebianSuite): Program {
  return {
    name: `pushgateway ${suite}`,
    source: { suite, packages: ['prometheus-pushgateway'] },
    path: 'usr/bin/prometheus-pushgateway',
    versionArgs: ['--version'],
    start: ({ ports }) => ({ args: [`--web.listen-address=127.0.0.1:${ports[0]}`] }),
    ready: ({ ports }) => request(local(ports[0], '/-/ready')),
    // A closure: its name is the enclosing function's and a number.
    traced: 'handler.Push.func1',
    async drive({ ports }) {
      const push = { method: 'PUT', body: 'some_metric 3.14\n' };
      await requests(requestCount, local(ports[0], '/metrics/job/some_job'), 200, push);
      return { calls: requestCount, requests: { 'PUT /metrics/job/some_job 200': requestCount } };
    },
    own: {
      name: 'pushgateway_http_requests_total',
      read: ({ ports }) =>
        counter(local(ports[0], '/metrics'), 'pushgateway_http_requests_total', 'code="200"', 'method="put"'),
    },
  };
}

export function victoriaMetrics(suite: DebianSuite): Program {
  return {
    name: `victoria-metrics ${suite}`,
    source: { suite, packages: ['victoria-metrics'] },
    path: 'usr/bin/victoria-metrics',
    versionArgs: ['-version'],
    start: ({ folder, ports }) => ({
      args: [`-storageDataPath=${join(folder, 'data')}`, `-httpListenAddr=127.0.0.1:${ports[0]}`],
    }),
    ready: ({ ports }) => request(local(ports[0], '/health')),
    traced: 'vmselect/prometheus.QueryHandler',
    async drive({ ports }) {
      await requests(requestCount, local(ports[0], '/api/v1/query?query=up'));
      return { calls: requestCount, requests: { 'GET /api/v1/query 200': requestCount } };
    },
    own: {
      name: 'vm_http_requests_total',
      read: ({ ports }) => counter(local(ports[0], '/metrics'), 'vm_http_requests_total', 'path="/api/v1/query"'),
    },
  };
}
