import { exportTo } from '../e2e/exported.ts';
import { startAgent } from '../e2e/running-agent.ts';
import { request } from '../programs/driver.ts';
import { obtain, startProgram } from '../programs/trace-program.ts';
import { grown, seriesOf } from '../support/exposition.ts';
import { startOtlpSink } from '../support/otlp-sink.ts';
import { compareOwnMetrics, type Sampled, samplingOf } from './compare-own-metrics.ts';
import { type CountRow, compareCounts } from './own-metrics.ts';
import { type OwnProgram, ownPrograms } from './own-programs.ts';

/** Drives a program while it is traced, and holds what its counts have grown by beside Sidespan's. Its page is read while it is not traced. */
export async function compareOwnProgram(
  context: Parameters<typeof startAgent>[0],
  program: OwnProgram,
  { rounds, sampled }: { readonly rounds: number; readonly sampled: Sampled },
): Promise<CountRow[]> {
  const { here, pid } = await startProgram(context, program, await obtain(program));
  const page = async () => seriesOf(await request(program.page(here)));
  const before = await page();
  const sink = await startOtlpSink();
  context.after(() => sink.stop());
  const agent = startAgent(context, {
    SIDESPAN_TARGET_PID: String(pid),
    SIDESPAN_VIEWER: 'off',
    ...samplingOf(sampled),
    OTEL_BSP_MAX_QUEUE_SIZE: '100000',
    ...exportTo(sink, 'http/protobuf'),
  });
  await agent.untilAttached(pid);
  const ofClients = await program.driveAll(here, rounds);
  const { code } = await agent.stop();
  if (code !== 0 || !agent.summary().balanced) throw new Error(agent.log());
  const series = [...grown(before, await page()), ...ofClients];
  const [metrics, spans] = [await sink.metrics(), await sink.spans()];
  return compareCounts(program.witnesses, series, { metrics, spans: sampled === 'all' ? spans : undefined });
}

/** All that is compared: of the test's own program, and of those that people run; each sampled and not. */
export async function* ownMetricReport(load: {
  readonly calls: number;
  readonly seed: number;
}): AsyncGenerator<{ readonly name: string; readonly rows: readonly CountRow[] }> {
  const endings: (() => unknown)[] = [];
  const context = { after: (end: unknown) => void endings.push(end as () => unknown) };
  const kinds = [
    ...(['http', 'grpc'] as const).map((kind) => ({
      name: kind,
      compare: (sampled: Sampled) => compareOwnMetrics(context, { ...load, kind, sampled }),
    })),
    ...ownPrograms.map((program) => ({
      name: program.name,
      compare: (sampled: Sampled) =>
        compareOwnProgram(context, program, { rounds: Math.ceil(load.calls / callsOfRound), sampled }),
    })),
  ];
  for (const { name, compare } of kinds) {
    for (const sampled of ['all', 'half', 'none'] as const) {
      const rows = await compare(sampled);
      for (const end of endings.splice(0).reverse()) await end();
      yield { name: `${name}, ${sampled} sampled`, rows };
    }
  }
}

/** About. */
const callsOfRound = 20;
