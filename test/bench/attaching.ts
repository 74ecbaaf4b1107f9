import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { targetByPid } from '../../src/discovery/target.ts';
import { defaultCaptureLimits } from '../../src/probe/capture/shape-context.ts';
import { functionPattern } from '../../src/probe/pattern.ts';
import { createPlanner } from '../../src/tracer/planner.ts';
import { createTracer } from '../../src/tracer/tracer.ts';
import { goTarget } from '../support/go-target.ts';
import { nothingCaptured } from '../support/traced-target.ts';
import { below, type Figure, median } from './figure.ts';

const functionCount = 1000;
const rounds = 3;

/** Putting the probes of a thousand functions into a running process: planned before, entry and exits. */
export async function attaching(): Promise<Figure[]> {
  const server = spawn(await goTarget('httpserver'), ['-port', '0'], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(server.stdout, 'data');
    const limits = { ...defaultCaptureLimits, ...nothingCaptured };
    using tracer = createTracer({
      planner: createPlanner(),
      plan: { patterns: [functionPattern('*')], presets: [], limits, maxFunctions: functionCount },
      ringBytes: 32 << 20,
      maxGoroutines: 65_536,
      captureBytes: limits.captureBytes,
      onCall: () => {},
      onUndecodable: () => {},
    });
    const planned = await tracer.plan(targetByPid(server.pid as number));
    const durations: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const begun = performance.now();
      const process = tracer.attach(planned);
      durations.push(performance.now() - begun);
      tracer.detach(process);
    }
    const { probes, sites } = planned.plan;
    const note = `${probes.length} functions, ${sites.length} sites`;
    return [
      {
        what: `attaching ${functionCount} functions, entry and exits`,
        unit: 'ms',
        measured: median(durations),
        target: below(1000),
        note,
      },
    ];
  } finally {
    server.kill('SIGKILL');
  }
}
