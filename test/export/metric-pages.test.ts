import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { ExportError } from '../../src/export/export-error.ts';
import { createMetricExport } from '../../src/export/metric-export.ts';
import { functionProbe } from '../support/calls.ts';
import { collection, options, version } from './two-processes.ts';

test('Prometheus: all processes on one page, valid names, one head a family', async () => {
  const { collect } = collection();
  const exporter = await createMetricExport(
    options({ exporters: ['prometheus'] }),
    { collect, onProblem: assert.fail },
    { version },
  );
  const response = await fetch(exporter.prometheusUrl ?? '');
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  const text = await response.text();
  const lines = text.trimEnd().split('\n');
  assert.equal(
    lines.filter((line) => line.startsWith('# TYPE sidespan_function_duration_seconds histogram')).length,
    1,
  );
  const function_ = functionProbe.functionName;
  const series = lines.filter((line) => line.startsWith('sidespan_function_duration_seconds_count'));
  assert.equal(series.length, 2);
  assert.ok(
    series[0]?.startsWith(
      `sidespan_function_duration_seconds_count{code_function_name="${function_}",service_name="gateway",`,
    ),
  );
  assert.ok(series[0]?.endsWith(' 1'));
  assert.ok(lines.some((line) => line.startsWith('sidespan_calls_seen_total{') && line.endsWith(' 2')));
  assert.ok(lines.some((line) => line.startsWith('process_memory_usage_bytes{')));
  assert.ok(lines.some((line) => line.startsWith('process_cpu_time_seconds_total{cpu_mode="user"')));
  assert.equal(lines.filter((line) => line.startsWith('target_info{')).length, 3);
  const buckets = lines.filter(
    (line) => line.startsWith('sidespan_function_duration_seconds_bucket') && line.includes('inventory'),
  );
  const counts = buckets.map((line) => Number(line.split(' ').at(-1)));
  assert.deepEqual(
    counts,
    [...counts].sort((a, b) => a - b),
    'buckets are cumulative',
  );
  assert.equal(counts.at(-1), 2);
  for (const line of lines) {
    assert.match(
      line,
      /^(# (HELP|TYPE) [a-z_:]+ .*|[a-zA-Z_:][a-zA-Z0-9_:]*\{([a-zA-Z_]\w*="(\\.|[^"\\])*",?)*\} \S+)$/,
      line,
    );
  }
  assert.equal(new Set(lines).size, lines.length, 'no series twice');
  assert.equal((await fetch(new URL('/', exporter.prometheusUrl))).status, 404);
  assert.equal((await fetch(exporter.prometheusUrl ?? '', { method: 'POST' })).status, 405);
  await exporter.shutdown(1000);
  await assert.rejects(fetch(exporter.prometheusUrl ?? ''));
});

test('Prometheus: a port in use is an error that says what to do', async () => {
  const server = createServer();
  const port = await listen(server);
  await assert.rejects(
    createMetricExport(
      options({ exporters: ['prometheus'], prometheus: { host: '127.0.0.1', port } }),
      { collect: () => [], onProblem: assert.fail },
      { version },
    ),
    (error: unknown) => {
      assert.ok(error instanceof ExportError);
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port} is in use\\. Set OTEL_EXPORTER_PROMETHEUS_PORT`));
      return true;
    },
  );
  server.close();
});

test('console: a line a series', async () => {
  const lines: string[] = [];
  const output = {
    write(text: string, done: (error?: Error | null) => void) {
      lines.push(...text.trimEnd().split('\n'));
      done();
      return true;
    },
  };
  const { collect } = collection();
  const exporter = await createMetricExport(
    options({ exporters: ['console'] }),
    { collect, onProblem: assert.fail },
    { version, output },
  );
  await exporter.flush(1000);
  assert.ok(
    lines.includes(
      `inventory sidespan.function.duration count=2 mean=2.00ms min=2.00ms max=2.00ms code.function.name=${functionProbe.functionName}`,
    ),
    lines.join('\n'),
  );
  await exporter.shutdown(1000);
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}
