import { goTarget } from '../support/go-target.ts';
import { startOtlpSink } from '../support/otlp-sink.ts';
import { below, type Figure, numberText } from './figure.ts';
import { cpuMicros } from './process-figures.ts';
import { exportTo, load, type Service, startAgent, startService } from './stage.ts';

const perSecond = 5000;

/**
 * What a span for each HTTP/1.1 request costs in all, in the service and in the agent: beside the same program with the
 * OpenTelemetry Go SDK in it (otelhttp, batches to the same receiver), at the same rate of requests.
 */
export async function together(quick: boolean): Promise<Figure[]> {
  const count = quick ? 15_000 : 25_000;
  const program = await goTarget('sdkserver');
  await using sink = await startOtlpSink();
  await using plain = await startService(program);
  await using withSdk = await startService(program, ['-otlp', sink.grpc]);
  const perRequest = async ({ address, pid }: Service) => {
    const before = cpuMicros(pid);
    await load(address, { requests: count, perSecond });
    return (cpuMicros(pid) - before) / count;
  };
  for (const { address } of [plain, withSdk]) await load(address, { requests: 10_000, perSecond });

  const before = await perRequest(plain);
  const sdk = await perRequest(withSdk);
  let during: number;
  let agentCpu: number;
  {
    await using agent = await startAgent(plain.pid, exportTo(sink.grpc));
    await load(plain.address, { requests: 20_000, perSecond });
    const agentBefore = cpuMicros(agent.pid);
    during = await perRequest(plain);
    agentCpu = (cpuMicros(agent.pid) - agentBefore) / count;
    await agent.stop();
  }
  const after = await perRequest(plain);
  const without = (before + after) / 2;
  return [
    {
      what: `service and agent together per HTTP/1.1 request, ${numberText(perSecond)} req/s, everything sampled`,
      unit: 'us',
      measured: during - without + agentCpu,
      baseline: { value: sdk - without, of: 'OpenTelemetry Go SDK in the service' },
      target: below(12),
      note:
        `service without ${numberText(before)}, with the SDK ${numberText(sdk)}, with Sidespan ${numberText(during)}, ` +
        `without again ${numberText(after)} us; agent ${numberText(agentCpu)} us`,
    },
  ];
}
