/** Prometheus's libraries within a program, and Sidespan from outside. */
import { request } from '../programs/driver.ts';
import { seriesOf } from '../support/exposition.ts';
import { goTarget } from '../support/go-target.ts';
import { startTracedService } from '../support/traced-service.ts';
import { grpcWitnesses, promhttpWitnesses } from './own-metric-names.ts';
import { type CountRow, compareCounts, type Witness } from './own-metrics.ts';

export interface OwnMetricOptions {
  readonly kind: 'http' | 'grpc';
  readonly calls: number;
  readonly seed: number;
  readonly sampled: Sampled;
  readonly go?: string | undefined;
}

/** Of calls that are not, the kernel's counts are compared; spans where all are. */
export type Sampled = 'all' | 'half' | 'none';

/** Settings of the agent. */
export function samplingOf(sampled: Sampled): Record<string, string> {
  return {
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_TRACES_SAMPLER: { all: 'always_on', half: 'traceidratio', none: 'always_off' }[sampled],
    OTEL_TRACES_SAMPLER_ARG: '0.5',
    // Spans alone tell them.
    SIDESPAN_GRPC_MESSAGES: sampled === 'all' ? 'on' : 'off',
  };
}

/** Of test/targets/instrumented, and what is on them. */
function pagesOf({ kind }: OwnMetricOptions): Readonly<Record<string, readonly Witness[]>> {
  if (kind === 'http') return { '/metrics': promhttpWitnesses };
  const unknownMethod = 'Missing';
  return {
    '/metrics': grpcWitnesses({ older: false, unknownMethod }),
    '/metrics/grpc-prometheus': grpcWitnesses({ older: true, unknownMethod }),
  };
}

/** Has test/targets/instrumented make calls of all kinds, and reads its pages when they have ended. */
export async function compareOwnMetrics(
  context: Parameters<typeof startTracedService>[0],
  options: OwnMetricOptions,
): Promise<CountRow[]> {
  const { kind, calls, seed, sampled, go } = options;
  const service = await startTracedService(context, await goTarget('instrumented', { ...(go && { go }) }), {
    args: ['-metrics', '-calls', kind],
    env: samplingOf(sampled),
  });
  service.tell(`${calls} ${seed}`);
  await service.line();
  const { spans, metrics } = await service.stopAgent();
  const rows: CountRow[] = [];
  for (const [page, witnesses] of Object.entries(pagesOf(options))) {
    const series = seriesOf(await request(`http://${service.address}${page}`));
    rows.push(...compareCounts(witnesses, series, { metrics, spans: sampled === 'all' ? spans : undefined }));
  }
  return rows;
}
