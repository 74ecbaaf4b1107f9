import type { MetricExportOptions } from '../../src/export/metric-export.ts';
import { instrumentationScope } from '../../src/telemetry/call-span.ts';
import { createLedger } from '../../src/telemetry/ledger.ts';
import { NO_COUNTS } from '../../src/telemetry/ledger-account.ts';
import { createMetricCollection } from '../../src/telemetry/metric-collection.ts';
import type { ExponentialForms } from '../../src/telemetry/process-metrics.ts';
import { agentResource, processResource } from '../../src/telemetry/resource.ts';
import { call, functionProbe } from '../support/calls.ts';

export const version = '0.1.0';

/** The metrics of two processes with a function each, called once and twice. */
export function collection(exponential?: ExponentialForms) {
  const ledger = createLedger();
  const agent = agentResource({ version }, 9, 'host');
  const metrics = createMetricCollection({
    ledger,
    agent,
    version,
    queues: () => [{ exporter: 'otlp', size: 1, capacity: 9 }],
    exponential,
    clock: { wallTime: ([seconds, ns]) => [seconds, ns] },
  });
  const scope = instrumentationScope('sidespan/function', version);
  const calls = ['gateway', 'inventory'].map((serviceName, index) => {
    const owner = { pid: index + 1, serviceName };
    const account = ledger.open(owner, functionProbe);
    const of = metrics.open(
      owner,
      processResource({ pid: index + 1, startTicks: 1, exePath: `/${serviceName}` }, { version }),
    );
    const durations = of.function(scope, functionProbe.functionName);
    return (durationNs = 2_000_000) => {
      durations.record(undefined, call({ durationNs }));
      account.received++;
      account.exported++;
      const seen = account.kernel.seen + 1;
      account.kernel = { ...NO_COUNTS, seen, ended: [seen, 0, 0, 0, 0] };
    };
  });
  const [first, second] = calls as [(durationNs?: number) => void, () => void];
  first();
  second();
  second();
  return { collect: metrics.collect, first, second };
}

export function options(
  changes: Partial<MetricExportOptions> & { otlp?: MetricExportOptions['otlp'] },
): MetricExportOptions {
  return {
    exporters: ['otlp'],
    otlp: otlp('grpc', '127.0.0.1:1'),
    intervalMs: 3_600_000,
    timeoutMs: 5000,
    prometheus: { host: '127.0.0.1', port: 0 },
    ...changes,
  };
}

export function otlp(
  protocol: 'grpc' | 'http/protobuf',
  address: string,
  temporality: 'cumulative' | 'delta' | 'lowmemory' = 'cumulative',
): MetricExportOptions['otlp'] {
  const url = protocol === 'grpc' ? `http://${address}` : `http://${address}/v1/metrics`;
  const tls = { caFile: undefined, keyFile: undefined, certificateFile: undefined };
  return { protocol, url, headers: new Map(), timeoutMs: 5000, compression: 'none', tls, temporality };
}
