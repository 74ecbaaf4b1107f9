import type { ProbePlan } from '../probe/probe-plan.ts';
import { processLayout } from './map-layout.ts';

/** A plan's process as struct process. `generation`: of the sites whose hits count. */
export function processEntry(plan: ProbePlan, generation = 0): Uint8Array {
  const entry = new DataView(new ArrayBuffer(processLayout.sizeBytes));
  entry.setUint32(processLayout.g_goid, plan.process.goid, true);
  entry.setUint32(processLayout.g_stack_hi, plan.process.stackHi, true);
  // Without it no site asks for it.
  const { recovery } = plan.process;
  if (recovery !== undefined && 'recoverySp' in recovery) {
    entry.setUint32(processLayout.g_recovery_sp, recovery.recoverySp, true);
  } else if (recovery !== undefined) {
    entry.setUint32(processLayout.g_panic, recovery.panic, true);
    entry.setUint32(processLayout.panic_fp, recovery.panicFp, true);
  }
  entry.setInt32(processLayout.thread_g, plan.process.threadG, true);
  entry.setBigUint64(processLayout.constants_vaddr, BigInt(plan.process.constants.vaddr), true);
  entry.setBigUint64(processLayout.constants_bytes, BigInt(plan.process.constants.sizeBytes), true);
  const { parents } = plan;
  if (parents !== undefined) {
    entry.setUint32(processLayout.parents, 1, true);
    entry.setUint32(processLayout.g_parent_goid, parents.parentGoid ?? 0, true);
    parents.links.forEach((vaddr, n) => {
      entry.setBigUint64(processLayout.context_types + 8 * n, BigInt(vaddr), true);
    });
    parents.ends.forEach((vaddr, n) => {
      entry.setBigUint64(processLayout.context_ends + 8 * n, BigInt(vaddr), true);
    });
  }
  if (plan.activities !== undefined) {
    entry.setUint32(processLayout.g_wait_reason, plan.activities.waitReason ?? 0, true);
    new Uint8Array(entry.buffer).set(plan.activities.waits, processLayout.waits);
  }
  entry.setUint32(processLayout.map_kind, plan.process.mapKind, true);
  entry.setUint32(processLayout.generation, generation, true);
  return new Uint8Array(entry.buffer);
}
