/** Exponential histograms as another implementation of OTLP reads them. (Debian builds Prometheus without its OTLP receiver.) */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isDeepStrictEqual, promisify } from 'node:util';
import { freePorts } from '../programs/driver.ts';
import { DebianError, unpackedPackages } from '../support/debian.ts';
import { goTarget } from '../support/go-target.ts';
import { eventually, start } from '../support/running.ts';
import { startTracedService } from '../support/traced-service.ts';

const run = promisify(execFile);

/** @returns its address */
async function startVictoriaMetrics(context: TestContext, folder: string): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'sidespan-victoria-metrics-'));
  context.after(() => rm(root, { recursive: true, force: true }));
  const [port] = await freePorts();
  const address = `http://127.0.0.1:${port}`;
  const args = [
    `-storageDataPath=${root}`,
    `-httpListenAddr=127.0.0.1:${port}`,
    '-opentelemetry.usePrometheusNaming',
    '-search.latencyOffset=0s',
  ];
  start(context, join(folder, 'usr/bin/victoria-metrics'), args, { stdio: 'ignore' });
  const ready = async () => (await fetch(`${address}/health`).catch(() => undefined))?.ok;
  await eventually(ready, (is) => is === true);
  return address;
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
}

async function query(address: string, expression: string): Promise<readonly Sample[]> {
  const answer = await fetch(`${address}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data, error } = (await answer.json()) as { data?: { result: readonly Sample[] }; error?: string };
  assert.ok(data, error);
  return data.result;
}

test('VictoriaMetrics has histograms of all calls, sampled or not', { timeout: 120_000 }, async (t) => {
  const folder = await unpackedPackages('trixie', ['victoria-metrics']).catch((error: unknown) => {
    if (!(error instanceof DebianError)) throw error;
    t.skip(error.message);
  });
  if (folder === undefined) return;
  const receiver = await startVictoriaMetrics(t, folder);
  const service = await startTracedService(t, await goTarget('httpserver'), {
    env: {
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.3',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${receiver}/opentelemetry/v1/metrics`,
      OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram',
    },
  });
  const urls = ['/hello', '/sleep?for=20ms'].flatMap((path) => ['-url', `http://${service.address}${path}`]);
  await run(await goTarget('load'), [...urls, '-n', '400', '-c', '8']);
  const { log } = await service.stopAgent();
  assert.doesNotMatch(log, /otlp metrics:/);
  await fetch(`${receiver}/internal/force_flush`);

  const name = 'http_server_request_duration_seconds';
  const byRoute = async (expression: string) =>
    Object.fromEntries(
      (await query(receiver, expression)).map(({ metric, value }) => [metric['http_route'], Number(value?.[1])]),
    );
  const all = { '/hello': 200, '/sleep': 200 };
  await eventually(
    () => byRoute(`${name}_count`),
    (counts) => isDeepStrictEqual(counts, all),
  );
  assert.deepEqual(await byRoute(`sum(${name}_bucket) by (http_route)`), all);
  for (const { metric } of await query(receiver, `${name}_bucket{http_route="/sleep"}`)) {
    const [from, to] = (metric['vmrange'] ?? '').split('...').map(Number) as [number, number];
    assert.ok(from > 0.018, metric['vmrange']);
    assert.ok(to / from < 1.1, metric['vmrange']);
  }
});
