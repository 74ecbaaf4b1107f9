import type { PlannedSite, ProbePlan } from '../probe/probe-plan.ts';
import type { ArrayTable } from './array-table.ts';
import { BpfError } from './bpf-error.ts';
import { writeContext } from './context-entry.ts';
import type { KernelSide } from './kernel-side.ts';
import { outgoingSiteLayout } from './map-layout.ts';

/** Where each site that writes headers, or has to do with it, has what it is about. */
export function installOutgoing(
  { outgoing }: KernelSide,
  plan: ProbePlan,
  lend: (table: ArrayTable, count: number) => number,
): ReadonlyMap<PlannedSite, number> {
  const sites = plan.sites.filter((site) => site.outgoing !== undefined);
  if (sites.length === 0) return new Map();
  if (outgoing === undefined) throw new BpfError('A plan that writes headers, where nothing may');
  const first = lend(outgoing.sites, sites.length);
  const entries = new DataView(new ArrayBuffer(sites.length * outgoingSiteLayout.sizeBytes));
  sites.forEach((site, index) => {
    if (site.outgoing === undefined) return;
    const { key, headers, headersKind, writer, parameterAt = 0 } = site.outgoing;
    const at = index * outgoingSiteLayout.sizeBytes;
    if (key !== undefined) writeContext(entries, at + outgoingSiteLayout.key, key);
    if (headers !== undefined) writeContext(entries, at + outgoingSiteLayout.headers, headers);
    entries.setUint32(at + outgoingSiteLayout.headers_kind, headersKind, true);
    entries.setUint16(at + outgoingSiteLayout.buffer_at, writer?.buffer ?? 0, true);
    entries.setUint16(at + outgoingSiteLayout.written_at, writer?.written ?? 0, true);
    entries.setUint16(at + outgoingSiteLayout.error_at, writer?.error ?? 0, true);
    entries.setUint16(at + outgoingSiteLayout.parameter_at, parameterAt, true);
  });
  outgoing.sites.write(first, new Uint8Array(entries.buffer));
  return new Map(sites.map((site, index) => [site, first + index]));
}
