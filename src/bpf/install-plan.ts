import { captureOp, withStringIndices } from '../probe/capture/capture-op.ts';
import type { FailureLabels, PlannedSite, ProbePlan } from '../probe/probe-plan.ts';
import { type SiteAction, siteAction, siteFlag } from '../probe/wire.ts';
import type { ArrayTable } from './array-table.ts';
import type { SiteAddress } from './attach.ts';
import { writeContext } from './context-entry.ts';
import { installOutgoing } from './install-outgoing.ts';
import { lendStrings } from './install-strings.ts';
import { type InstalledSites, installSites } from './installed-sites.ts';
import type { KernelSide } from './kernel-side.ts';
import {
  captureStepLayout,
  durationBounds,
  dynamicTypeKeyLayout,
  dynamicTypeLayout,
  failureLayout,
  probeLayout,
  siteGeneration,
  siteLayout,
} from './map-layout.ts';
import { processEntry } from './process-entry.ts';
import { type WireStep, wireSteps } from './wire-steps.ts';

/** A plan in the BPF tables. Disposing takes it out again; detach its sites before. */
export interface InstalledPlan extends Disposable {
  readonly processSlot: number;
  /** Probe n of the plan is entry firstProbe + n of the table. */
  readonly firstProbe: number;
  readonly sites: InstalledSites;
  /** Those at instructions of which the kernel might allow no probe: neither returns nor any that it emulates. */
  readonly unsureSites: readonly SiteAddress[];
  /**
   * Makes the programs ignore every further hit. Before the sites are detached, which takes the kernel a while: calls
   * that began in between would lose their ends.
   */
  silence(): void;
  /** Sites in place of those that are installed, without those of some probes: to be attached beside them first. */
  prepare(leftOut: ReadonlySet<number>): NextSites;
}

export interface NextSites extends Disposable {
  readonly sites: InstalledSites;
  /** From now on their hits count, and those of the others do not. */
  takeEffect(): void;
  /** The others are detached. */
  forgetOld(): void;
}

/** Writes the plan for one process into the tables. All or nothing. @throws BpfError when a table is full */
export function installPlan(kernel: KernelSide, plan: ProbePlan): InstalledPlan {
  const undo: (() => void)[] = [];
  const lend = (table: ArrayTable, count: number): number => {
    if (count === 0) return 0;
    const first = table.lend(count);
    undo.push(() => table.giveBack(first, count));
    return first;
  };
  const dispose = () => {
    for (const step of undo.splice(0).reverse()) step();
  };
  try {
    const processSlot = lend(kernel.processes, 1);
    kernel.processes.write(processSlot, processEntry(plan));
    const firstString = lendStrings(kernel, plan.strings, undo);

    const planStarts = installOps(kernel, plan, firstString, lend);
    const planStart = (index: number | undefined) => (index === undefined ? 0 : (planStarts[index] ?? 0));

    const firstProbe = lend(kernel.probes, plan.probes.length);
    plan.probes.forEach((_, index) => {
      kernel.clearCounters(firstProbe + index);
      kernel.outgoing?.clearCounters(firstProbe + index);
    });
    undo.push(() => kernel.series.close(firstProbe, plan.probes.length));
    if (plan.probes.length > 0) {
      const entries = new DataView(new ArrayBuffer(plan.probes.length * probeLayout.sizeBytes));
      plan.probes.forEach((probe, index) => {
        const at = index * probeLayout.sizeBytes;
        entries.setUint32(at + probeLayout.flags, probe.flags, true);
        entries.setUint32(at + probeLayout.abandoned_plan, planStart(probe.abandonedPlan), true);
        entries.setUint32(at + probeLayout.abandoned_label_plan, planStart(probe.abandonedLabelPlan), true);
        const { kind, inlined } = probe.description;
        const bounds = inlined === undefined ? kernel.boundsTable(kind) : durationBounds.tables;
        entries.setUint32(at + probeLayout.bounds, bounds, true);
        if (bounds < durationBounds.tables) kernel.series.open(firstProbe + index);
        if (probe.failure) writeFailure(entries, at + probeLayout.failure, probe.failure);
        if (probe.context) writeContext(entries, at + probeLayout.context, probe.context);
      });
      kernel.probes.write(firstProbe, new Uint8Array(entries.buffer));
    }
    installDynamicTypes(kernel, plan, processSlot, planStart, undo);

    const outgoing = installOutgoing(kernel, plan, lend);
    let generation = 0;
    const installGeneration = (number: number, isWanted: (site: PlannedSite) => boolean) =>
      installSites(kernel, plan, isWanted, (entries, at, site) => {
        entries.setBigUint64(at + siteLayout.vaddr, BigInt(site.vaddr), true);
        entries.setUint32(at + siteLayout.action, site.action, true);
        const flags = site.flags | (labelsGoOn(plan, site) ? siteFlag.labelsGoOn : 0);
        entries.setUint32(at + siteLayout.flags, flags, true);
        entries.setUint32(at + siteLayout.process_slot, processSlot, true);
        entries.setUint32(at + siteLayout.probe, site.probe === undefined ? 0 : firstProbe + site.probe, true);
        entries.setUint32(at + siteLayout.function, site.function, true);
        entries.setUint32(at + siteLayout.plan, planStart(site.plan), true);
        entries.setUint32(at + siteLayout.frame_bytes, site.frameBytes ?? 0, true);
        entries.setUint32(at + siteLayout.group, site.group ?? 0, true);
        entries.setUint32(at + siteLayout.label_plan, planStart(site.labelPlan), true);
        entries.setUint32(
          at + siteLayout.object,
          site.object?.register ?? site.phase?.phase ?? outgoing.get(site) ?? 0,
          true,
        );
        entries.setUint32(at + siteLayout.object_at, site.object?.at ?? site.phase?.change ?? 0, true);
        entries.setUint32(at + siteLayout.generation, number, true);
      });
    const setGeneration = (number: number) => kernel.processes.write(processSlot, processEntry(plan, number));
    let sites = installGeneration(generation, () => true);
    undo.push(() => sites.giveBack());
    return {
      processSlot,
      firstProbe,
      get sites() {
        return sites;
      },
      unsureSites: sites.addresses.filter(({ cookie }) => isUnsure(plan.sites[sites.indexOf(cookie) ?? -1])),
      silence: () => setGeneration(siteGeneration.none),
      prepare(leftOut) {
        const before = sites;
        const next = installGeneration(generation + 1, ({ probe }) => probe === undefined || !leftOut.has(probe));
        setGeneration(generation + siteGeneration.changeBegun);
        return {
          sites: next,
          takeEffect() {
            generation += 1;
            sites = next;
            setGeneration(generation + siteGeneration.changeDone);
          },
          forgetOld() {
            setGeneration(generation);
            before.giveBack();
          },
          [Symbol.dispose]() {
            if (sites === next) return;
            setGeneration(generation);
            next.giveBack();
          },
        };
      },
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/**
 * Whether the plan comes to its traceparent with the image that the labels are read from: then they go on from there. As
 * the steps of both tell: the words, the same pointer, and the traceparent next.
 */
function labelsGoOn({ plans }: ProbePlan, { plan, labelPlan, flags }: PlannedSite): boolean {
  if (plan === undefined || labelPlan === undefined || (flags & siteFlag.traceparent) === 0) return false;
  const [words, pointer, next] = wireSteps(plans[plan]?.ops ?? []);
  const [ownWords, ownPointer] = wireSteps(plans[labelPlan]?.ops ?? []);
  const isSame = (a: WireStep | undefined, b: WireStep | undefined) =>
    a !== undefined && b !== undefined && a.op === b.op && a.a === b.a && a.b === b.b;
  return (
    isSame(words, ownWords) &&
    words?.imm === ownWords?.imm &&
    isSame(pointer, ownPointer) &&
    pointer?.op === captureOp.pointer &&
    pointer.c >= (ownPointer?.c ?? 0) &&
    next?.op === captureOp.traceparent
  );
}

/** The kernel allows a probe at every RET. */
const atReturns: ReadonlySet<SiteAction> = new Set([siteAction.leave, siteAction.scopeEnd, siteAction.keep]);

function isUnsure(site: PlannedSite | undefined): boolean {
  return site?.emulated === false && !atReturns.has(site.action);
}

function writeFailure(entries: DataView, place: number, { code, set, text }: FailureLabels): void {
  entries.setUint8(place + failureLayout.code, code === undefined ? 0 : code.place + 1);
  entries.setUint8(place + failureLayout.set, set === undefined ? 0 : set + 1);
  entries.setUint8(place + failureLayout.text, text ? 1 : 0);
  entries.setUint32(place + failureLayout.code_from, code?.from ?? 0xffff, true);
  const codes = (code?.among ?? []).reduce((bits, number) => bits + 2 ** number, 0);
  entries.setUint32(place + failureLayout.codes, codes, true);
}

/** All plans behind each other; returns where each begins. */
function installOps(
  kernel: KernelSide,
  plan: ProbePlan,
  firstString: number,
  lend: (table: ArrayTable, count: number) => number,
): number[] {
  const ops: WireStep[] = [];
  const lengths = plan.strings.map((text) => Buffer.byteLength(text));
  const offsets = plan.plans.map((each) => {
    const steps = wireSteps(withStringIndices(each.ops, (n) => (firstString + n) | ((lengths[n] ?? 0) << 8)));
    return ops.push(...steps) - steps.length;
  });
  const first = lend(kernel.planOps, ops.length);
  if (ops.length > 0) {
    const entries = new DataView(new ArrayBuffer(ops.length * captureStepLayout.sizeBytes));
    ops.forEach((step, index) => {
      const at = index * captureStepLayout.sizeBytes;
      entries.setUint8(at + captureStepLayout.op, step.op);
      entries.setUint8(at + captureStepLayout.a, step.a);
      entries.setUint16(at + captureStepLayout.b, step.b, true);
      entries.setUint32(at + captureStepLayout.c, step.c, true);
      entries.setBigUint64(at + captureStepLayout.imm, step.imm, true);
    });
    kernel.planOps.write(first, new Uint8Array(entries.buffer));
  }
  return offsets.map((offset) => first + offset);
}

function installDynamicTypes(
  kernel: KernelSide,
  plan: ProbePlan,
  processSlot: number,
  planStart: (index: number) => number,
  undo: (() => void)[],
): void {
  plan.dynamicTypes.forEach((type, id) => {
    const key = new DataView(new ArrayBuffer(dynamicTypeKeyLayout.sizeBytes));
    key.setUint32(dynamicTypeKeyLayout.process_slot, processSlot, true);
    key.setBigUint64(dynamicTypeKeyLayout.type_vaddr, BigInt(type.typeVaddr), true);
    const value = new DataView(new ArrayBuffer(dynamicTypeLayout.sizeBytes));
    value.setUint32(dynamicTypeLayout.id, id, true);
    value.setUint32(dynamicTypeLayout.plan, planStart(type.plan), true);
    value.setUint32(dynamicTypeLayout.size_bytes, type.sizeBytes, true);
    value.setUint32(dynamicTypeLayout.direct, type.direct ? 1 : 0, true);
    const keyBytes = new Uint8Array(key.buffer);
    kernel.putDynamicType(keyBytes, new Uint8Array(value.buffer));
    undo.push(() => kernel.deleteDynamicType(keyBytes));
  });
}
