import { type CaptureOp, captureOp, memoryBase, withStringIndices } from './capture/capture-op.ts';
import { laterPlugins } from './plan-probes.ts';
import type { PlannedDynamicType, PlanReport, ProbePlan } from './probe-plan.ts';

/** The plan of a file that a process has loaded beside its executable. */
export interface ModulePlan {
  readonly path: string;
  readonly plan: ProbePlan;
  /** Its load bias less the executable's: its addresses become those of the executable, which is all that BPF knows. */
  readonly shiftBytes: number;
}

/**
 * One plan for the process: the executable's with a module's added.
 * @param module its number, for its sites
 * @param hostType linked address of the executable's descriptor of a type: where it has one, the module uses that
 */
export function addModule(
  host: ProbePlan,
  { path, plan, shiftBytes }: ModulePlan,
  module: number,
  hostType: (typeName: string) => number | undefined,
): ProbePlan {
  const first = {
    plan: host.plans.length,
    string: host.strings.length,
    function: host.functionNames.length,
    probe: host.probes.length,
  };
  const moved = (index: number | undefined, by: number) => (index === undefined ? undefined : index + by);
  const ops = plan.plans.map((each) => ({
    ops: withStringIndices(each.ops, (n) => first.string + n).map((step) => shifted(step, shiftBytes)),
  }));
  const sites = plan.sites
    // What is common to all calls is in the executable.
    .filter(({ probe }) => probe !== undefined)
    .map((site) => ({
      ...site,
      module,
      vaddr: site.vaddr + shiftBytes,
      probe: moved(site.probe, first.probe),
      function: site.function + first.function,
      plan: moved(site.plan, first.plan),
      labelPlan: moved(site.labelPlan, first.plan),
    }));
  const types = new Map<number, PlannedDynamicType>(host.dynamicTypes.map((type) => [type.typeVaddr, type]));
  for (const type of plan.dynamicTypes) {
    const own = type.typeVaddr + shiftBytes;
    for (const typeVaddr of [own, hostType(type.value.typeName) ?? own]) {
      if (!types.has(typeVaddr)) types.set(typeVaddr, { ...type, typeVaddr, plan: type.plan + first.plan });
    }
  }
  return {
    process: host.process,
    parents: host.parents,
    panicValue: host.panicValue,
    plans: [...host.plans, ...ops],
    strings: [...host.strings, ...plan.strings],
    functionNames: [...host.functionNames, ...plan.functionNames],
    probes: [
      ...host.probes,
      ...plan.probes.map((probe) => ({
        ...probe,
        abandonedPlan: moved(probe.abandonedPlan, first.plan),
        abandonedLabelPlan: moved(probe.abandonedLabelPlan, first.plan),
      })),
    ],
    sites: [...host.sites, ...sites],
    dynamicTypes: [...types.values()],
    report: bothReports(host.report, plan.report, path),
  };
}

/** Steps that hold a linked address. */
function shifted(step: CaptureOp, bytes: number): CaptureOp {
  const hasAddress = step.op === captureOp.context || (step.op === captureOp.stack && step.a === memoryBase.image);
  return hasAddress ? { ...step, imm: step.imm + bytes } : step;
}

function bothReports(host: PlanReport, module: PlanReport, path: string): PlanReport {
  const missedThere = new Set(module.unmatched.map(({ pattern }) => pattern));
  const unmatched = host.unmatched.filter(({ pattern }) => missedThere.has(pattern));
  const notes = host.notes.filter((note) => note !== laterPlugins || unmatched.length > 0);
  return {
    untraceable: [...host.untraceable, ...module.untraceable],
    neverReturning: [...host.neverReturning, ...module.neverReturning],
    unmatched,
    inlined: [...host.inlined, ...module.inlined],
    matched: host.matched + module.matched,
    taken: host.taken + module.taken,
    presets: host.presets,
    notes: [...notes, ...module.notes.map((note) => `${path}: ${note}`)],
  };
}
