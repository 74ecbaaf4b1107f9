import type { Config } from '../config/config.ts';
import type { Tracer } from '../tracer/tracer.ts';
import type { AgentStatus } from '../web/status.ts';

/** The agent's own load, each time since the reading before. */
export function agentFigures(tracer: Tracer, version: string, config: Config): () => AgentStatus {
  const started = performance.now();
  let cpu = process.cpuUsage();
  let at = started;
  return () => {
    const used = process.cpuUsage(cpu);
    const elapsedMs = performance.now() - at;
    cpu = process.cpuUsage();
    at = performance.now();
    let hits = 0;
    for (const traced of tracer.processes) {
      for (const { seen, ended, restarts } of tracer.counters(traced)) hits += seen + restarts + ended[0];
    }
    return {
      version,
      uptimeSeconds: (at - started) / 1000,
      cpuFraction: elapsedMs > 0 ? (used.user + used.system) / 1000 / elapsedMs : null,
      rssBytes: process.memoryUsage.rss(),
      hits,
      exportsTo: config.traces.exporters.includes('otlp') ? config.traces.otlp.url : undefined,
    };
  };
}
