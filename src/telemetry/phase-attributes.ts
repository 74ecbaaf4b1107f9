import type { Attributes } from '@opentelemetry/api';
import { requestPhase } from '../probe/wire.ts';

const serverPhases = ['queued', 'reading', 'writing'] as const;
const clientPhases = ['connecting', 'answering'] as const;

/**
 * Seconds that an HTTP request took for what: those of a client together, and those of a server but for `queued`, which comes before
 * the call, are the span's duration.
 */
export function addPhaseAttributes(
  phaseNs: readonly number[],
  durationNs: number,
  isServer: boolean,
  attributes: Attributes,
): void {
  let handlingNs = durationNs;
  for (const phase of isServer ? serverPhases : clientPhases) {
    const ns = phaseNs[requestPhase[phase]] ?? 0;
    if (ns > 0) attributes[`sidespan.request.${phase}`] = ns / 1e9;
    if (phase !== 'queued') handlingNs -= ns;
  }
  if (isServer) attributes['sidespan.request.handling'] = handlingNs / 1e9;
}
