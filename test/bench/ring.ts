import { execFileSync } from 'node:child_process';
import { loadConfig } from '../../src/config/load-config.ts';
import { readProcess } from '../../src/discovery/read-process.ts';
import { createPlanner } from '../../src/tracer/planner.ts';
import { createTracer } from '../../src/tracer/tracer.ts';
import { tracerSettings } from '../../src/tracer/tracer-settings.ts';
import { goTarget } from '../support/go-target.ts';
import { below, type Figure, median } from './figure.ts';
import { startService } from './stage.ts';

/** Reading the ring and decoding its records, in this process, of requests that the kernel recorded meanwhile. */
export async function ring(quick: boolean): Promise<Figure[]> {
  const rounds = quick ? 8 : 24;
  const requests = 4000;
  const client = await goTarget('load');
  await using service = await startService(await goTarget('httpserver'));
  let calls = 0;
  using planner = createPlanner();
  using tracer = createTracer({
    ...tracerSettings(loadConfig({}).config),
    planner,
    onCall: () => {
      calls++;
    },
    onUndecodable: (_, __, reason) => {
      throw new Error(reason);
    },
  });
  const target = readProcess(service.pid).value;
  if (target === undefined) throw new Error('the service has ended');
  tracer.attach(await tracer.plan(target));

  /** Blocks the event loop: nothing reads the ring meanwhile. */
  const fill = () => {
    execFileSync(client, ['-url', `http://${service.address}/hello`, '-n', String(requests), '-c', '16']);
    return tracer.pendingBytes;
  };
  const drained: number[] = [];
  const decoded: number[] = [];
  let bytes = 0;
  for (let round = 0; round < rounds; round++) {
    bytes = fill();
    let begun = performance.now();
    const records = tracer.kernel.ring.drain(() => {}, Number.POSITIVE_INFINITY);
    drained.push(((performance.now() - begun) * 1e6) / records);
    fill();
    calls = 0;
    begun = performance.now();
    tracer.drain();
    decoded.push(((performance.now() - begun) * 1e6) / calls);
  }
  const warm = (values: readonly number[]) => median(values.slice(values.length >> 1));
  return [
    {
      what: 'ring buffer: reading a record',
      unit: 'ns',
      measured: warm(drained),
      baseline: { value: 1711, of: "libbpf's ring_buffer__consume called back through koffi, measured before" },
      target: below(100),
      note: `${Math.round(bytes / requests)} bytes a record; median of the later ${rounds >> 1} rounds of ${requests}`,
    },
    {
      what: 'ring buffer: reading and decoding an HTTP request',
      unit: 'ns',
      measured: warm(decoded),
      target: below(4000),
    },
  ];
}
