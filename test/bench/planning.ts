import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { allPresets } from '../../src/probe/preset/presets.ts';
import { plannerFlags } from '../../src/tracer/planner.ts';
import type { PlanAnswer, PlanRequest } from '../../src/tracer/planner-protocol.ts';
import { cpuMicros, memoryMb } from './process-figures.ts';
import { shippedFile } from './stage.ts';

/** Of packages that most servers have; one by a pattern that no whole name fits. */
export const tracedNames = [
  'net/http.(*conn).serve',
  'net/http.(*ServeMux).ServeHTTP',
  'net/http.(*Request).ParseForm',
  'encoding/json.Marshal',
  'encoding/json.Unmarshal',
  'net/url.parseQuery',
  'crypto/tls.(*Conn).Handshake',
  'os.OpenFile',
  'bufio.(*Reader).ReadString',
  'http.(*Transport).RoundTrip',
];

export interface Planning {
  readonly found: string;
  /** From the request to the answer of a process that has just started and planned nothing before. */
  readonly durationMs: number;
  /** From the start of that process until it is ready for requests. */
  readonly startMs: number;
  readonly cpuMs: number;
  /** Of the whole process at its highest. */
  readonly peakMb: number;
}

/** Plans a trace of ten functions in the process that an agent has for it, as it is shipped (src/tracer/planner.ts). */
export async function planning(path: string): Promise<Planning> {
  const started = performance.now();
  const program = shippedFile('dist', 'planner-process.js');
  const child = spawn(process.execPath, [...plannerFlags, program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // As bin/sidespan sets them.
    env: { ...process.env, MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' },
  });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ask = async (request: PlanRequest): Promise<PlanAnswer> => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return JSON.parse((await lines.next()).value ?? '{}') as PlanAnswer;
    };
    // Of no file: answered when everything is loaded.
    await ask({ path: '', options: { patterns: [], presets: [] } });
    const ready = performance.now();
    const cpuBefore = cpuMicros(child.pid!);
    const { plan, failure } = await ask({ path, options: { patterns: tracedNames, presets: allPresets } });
    const durationMs = performance.now() - ready;
    if (plan?.value === undefined) throw new Error(failure?.message ?? plan?.unavailable ?? 'no answer');
    const { probes, report, sites } = plan.value;
    const read = probes.filter(({ signatureUnavailable }) => signatureUnavailable === undefined).length;
    return {
      found: `${report.taken} functions, ${sites.length} sites, arguments of ${read}`,
      durationMs,
      startMs: ready - started,
      cpuMs: (cpuMicros(child.pid!) - cpuBefore) / 1000,
      peakMb: memoryMb(child.pid!, 'VmHWM'),
    };
  } finally {
    child.kill('SIGKILL');
  }
}
