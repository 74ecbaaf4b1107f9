import { BinaryError } from '../binary/binary-error.ts';
import type { Found, GoBinary, GoFunction, SourceLine } from '../binary/go-binary.ts';
import { type CaptureOp, captureOp } from './capture/capture-op.ts';
import { type CapturePlan, stringTable } from './capture/capture-plan.ts';
import type { CaptureShape, LabelShape } from './capture/shape.ts';
import type { TypeFacts } from './capture/type-facts.ts';
import type { Abi } from './code/calling-convention.ts';
import type { InlinedSite } from './code/inlined-site.ts';
import type { FunctionSites } from './code/site.ts';
import type { SiteFinder } from './code/site-finder.ts';
import type {
  ObjectPlace,
  PlannedDynamicType,
  PlannedOps,
  PlannedOutgoing,
  PlannedPhase,
  PlannedProbe,
  PlannedSite,
} from './probe-plan.ts';
import { probeFlag, type SiteAction, siteAction, siteFlag } from './wire.ts';

/** Where SP is `frameBytes` below that of the function's entry. */
interface SiteInFrame {
  readonly offset: number;
  readonly frameBytes: number;
  readonly emulated: boolean;
  readonly plan: number;
  readonly labelPlan?: number | undefined;
}

/** What only sites of presets have. */
interface PresetSiteParts {
  readonly group?: number | undefined;
  readonly object?: ObjectPlace | undefined;
  readonly labelPlan?: number | undefined;
  readonly outgoing?: PlannedOutgoing | undefined;
  readonly phase?: PlannedPhase | undefined;
  /** site_flag bits besides those that the function has. */
  readonly flags?: number;
}

/** Collects the tables of a ProbePlan; equal plans are kept once. */
export class PlanBuilder {
  readonly binary: GoBinary;
  readonly finder: SiteFinder;
  readonly facts: TypeFacts;
  readonly strings = stringTable();
  readonly plans: PlannedOps[] = [];
  readonly functionNames: string[] = [];
  probes: PlannedProbe[] = [];
  readonly sites: PlannedSite[] = [];
  readonly dynamicTypes: PlannedDynamicType[] = [];
  /** Interface types whose values some plan reads. */
  readonly interfaces = new Set<string>();
  /** Named types of traced signatures: what an `any` of the program may well hold. */
  readonly namedTypes = new Set<string>();
  /** Types that are shown as errors though no descriptor says that they are. */
  readonly errorTypes = new Set<string>();
  /** What the user should know of the plan, in whole sentences. */
  readonly notes: string[] = [];
  /** Probes of each preset. */
  readonly presetProbes = new Map<string, number[]>();
  /** Entry addresses of functions where a preset's calls begin, and the preset's name. */
  readonly presetFunctions = new Map<number, string>();
  /** Ops of all plans together. */
  opCount = 0;
  readonly #planIndices = new Map<string, number>();
  readonly #functionIndices = new Map<number, number>();
  readonly #noteShapes = new Map<number, CaptureShape[]>();
  readonly #noteLabels = new Map<number, LabelShape[]>();
  readonly #groups = new Map<string, number>();

  constructor(binary: GoBinary, finder: SiteFinder, facts: TypeFacts = {}) {
    this.binary = binary;
    this.facts = facts;
    this.finder = finder;
  }

  /**
   * Does a part of the plan that the rest can do without. Where a table of the binary can't be read for it, the probes and
   * sites that it has added are taken back, and the reason is returned.
   */
  attempt<T>(part: () => T): Found<T> {
    const [probes, sites] = [this.probes.length, this.sites.length];
    try {
      return { value: part() };
    } catch (error) {
      if (!(error instanceof BinaryError)) throw error;
      this.probes.length = probes;
      this.sites.length = sites;
      return { unavailable: error.message };
    }
  }

  /** After a failed attempt: functions may trace what the preset would have. */
  forgetPreset(name: string): void {
    this.presetProbes.delete(name);
    for (const [entryVaddr, preset] of this.presetFunctions) {
      if (preset === name) this.presetFunctions.delete(entryVaddr);
    }
  }

  /** Where the instruction stands in the source. Without it a function is traced all the same, which a note says. */
  sourceLine(vaddr: number): SourceLine | undefined {
    const { value, unavailable } = this.attempt(() => this.binary.sourceLine(vaddr));
    if (unavailable !== undefined) this.#noteOnce(`source lines are left out: ${unavailable}`);
    return value;
  }

  #noteOnce(note: string): void {
    if (!this.notes.includes(note)) this.notes.push(note);
  }

  /** Index of the plan; undefined for an empty one. */
  addPlan(plan: CapturePlan): number | undefined {
    if (plan.ops.length === 0) return undefined;
    return this.addOps(plan.ops);
  }

  /** Index of the plan with these ops. */
  addOps(ops: readonly CaptureOp[]): number {
    const key = ops.map((s) => `${s.op},${s.a},${s.b},${s.c},${s.imm}`).join(';');
    let index = this.#planIndices.get(key);
    if (index === undefined) {
      index = this.plans.push({ ops }) - 1;
      this.opCount += ops.length;
      this.#planIndices.set(key, index);
    }
    return index;
  }

  /** What presets say of the probe's calls, to be added to. */
  noteShapes(probe: number): CaptureShape[] {
    const shapes = this.#noteShapes.get(probe) ?? [];
    this.#noteShapes.set(probe, shapes);
    return shapes;
  }

  /** The same of calls that are not sampled. */
  noteLabels(probe: number): LabelShape[] {
    const labels = this.#noteLabels.get(probe) ?? [];
    this.#noteLabels.set(probe, labels);
    return labels;
  }

  /** The probes, with what was said of them later. */
  allProbes(): PlannedProbe[] {
    return this.probes.map((probe, index) => {
      const notes = this.#noteShapes.get(index);
      const labels = this.#noteLabels.get(index) ?? [];
      return {
        ...probe,
        ...(notes && { notes }),
        ...(labels.length > 0 && {
          labels: [...(probe.labels ?? []), ...labels],
          flags: probe.flags | probeFlag.noted,
        }),
      };
    });
  }

  addProbe(probe: PlannedProbe): number {
    return this.probes.push(probe) - 1;
  }

  /** What the group of that name is called in this plan. */
  groupNumber(name: string): number {
    const number = this.#groups.get(name) ?? this.#groups.size + 1;
    this.#groups.set(name, number);
    return number;
  }

  /** @param labelPlan in place of `plan` for a call that is not sampled */
  addEntry(
    fn: GoFunction,
    sites: FunctionSites,
    action: SiteAction,
    probe?: number,
    plan?: number,
    { group, object, labelPlan, outgoing, phase, flags = 0 }: PresetSiteParts = {},
  ): void {
    const { entry } = sites;
    const isTraced = plan !== undefined && this.plans[plan]?.ops.some(({ op }) => op === captureOp.traceparent);
    this.#addSite(fn, entry.offset, {
      action,
      group,
      object,
      outgoing,
      phase,
      flags:
        flags | (entry.stackCheck ? siteFlag.stackCheck : 0) | (isTraced ? siteFlag.traceparent : 0) | abiFlag(sites),
      probe,
      plan,
      labelPlan,
      emulated: entry.emulated,
      why: entry.why,
    });
  }

  /** A site within the function, for arguments that could not be read at its entry. */
  addBody(fn: GoFunction, { offset, frameBytes, emulated, plan }: SiteInFrame, probe: number): void {
    const why = 'floats stored';
    this.#addSite(fn, offset, { action: siteAction.body, flags: 0, probe, plan, frameBytes, emulated, why });
  }

  /**
   * One site for every RET and tail jump; what is captured at a RET is not there yet at a tail jump.
   * @param inFrame by the offset of a RET the site in its place
   * @param labelPlan in place of `plan` for a call that is not sampled
   */
  addExits(
    fn: GoFunction,
    sites: FunctionSites,
    action: SiteAction,
    probe?: number,
    plan?: number,
    {
      inFrame,
      group,
      object,
      labelPlan,
      outgoing,
      phase,
      flags = 0,
    }: PresetSiteParts & { readonly inFrame?: ReadonlyMap<number, SiteInFrame> } = {},
  ): void {
    for (const exit of sites.exits) {
      const isReturn = exit.kind === 'return';
      const site = inFrame?.get(exit.offset);
      if (site !== undefined) {
        const { offset, plan: ownPlan, ...where } = site;
        const why = offset === exit.offset ? 'RET' : 'before RET';
        this.#addSite(fn, offset, { action, flags: abiFlag(sites), probe, ...where, plan: ownPlan, why });
        continue;
      }
      this.#addSite(fn, exit.offset, {
        action,
        group,
        object,
        outgoing,
        phase,
        flags: flags | abiFlag(sites),
        probe,
        plan: isReturn ? plan : undefined,
        labelPlan: isReturn ? labelPlan : undefined,
        // arm64's kernel simulates every branch; amd64's runs a RET in single step.
        emulated: this.binary.arch === 'arm64',
        why: isReturn ? 'RET' : 'tail jump',
      });
    }
  }

  /** At a call within the function. */
  addCallSite(fn: GoFunction, offset: number, action: SiteAction): void {
    this.#addSite(fn, offset, { action, flags: 0, emulated: true, why: 'call' });
  }

  /** Where an inlined call begins. */
  addInlined(
    into: GoFunction,
    { offset, emulated, why, abi }: InlinedSite & { readonly abi: Abi },
    probe: number,
  ): void {
    this.#addSite(into, offset, { action: siteAction.inlined, flags: abiFlag({ abi }), probe, emulated, why });
  }

  #addSite(fn: GoFunction, offset: number, site: Omit<PlannedSite, 'vaddr' | 'fileOffset' | 'function'>): void {
    const vaddr = fn.entryVaddr + offset;
    this.sites.push({ ...site, vaddr, fileOffset: this.binary.fileOffset(vaddr), function: this.#functionIndex(fn) });
  }

  #functionIndex(fn: GoFunction): number {
    let index = this.#functionIndices.get(fn.entryVaddr);
    if (index === undefined) {
      index = this.functionNames.push(fn.name) - 1;
      this.#functionIndices.set(fn.entryVaddr, index);
    }
    return index;
  }
}

function abiFlag({ abi }: { readonly abi: Abi }): number {
  return abi === 'stack' ? siteFlag.stackAbi : 0;
}
