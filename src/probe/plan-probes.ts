import { unlessDamaged } from '../binary/binary-error.ts';
import type { Found, GoBinary } from '../binary/go-binary.ts';
import { createRedaction, type RedactionRules } from '../redaction/redaction.ts';
import { planLimits } from './capture/capture-op.ts';
import { mapParts } from './capture/map-parts.ts';
import type { CaptureShape } from './capture/shape.ts';
import { type CaptureLimits, defaultCaptureLimits } from './capture/shape-context.ts';
import { preferredFunction, SiteFinder } from './code/site-finder.ts';
import type { Outgoing } from './outgoing/outgoing.ts';
import { planOutgoing } from './outgoing/plan-outgoing.ts';
import type { FunctionPattern } from './pattern.ts';
import { planActivities } from './plan-activities.ts';
import { PlanBuilder } from './plan-builder.ts';
import { planDynamicTypes } from './plan-dynamic-types.ts';
import { planFunction } from './plan-functions.ts';
import { planInlinedCalls } from './plan-inlined.ts';
import { addMessageSites, findMessageSites } from './plan-messages.ts';
import { planPanicValue } from './plan-panic.ts';
import { type ParentMode, planParents } from './plan-parents.ts';
import { planPhases } from './plan-phases.ts';
import { withoutMessages } from './preset/messages.ts';
import { planNotes } from './preset/plan-notes.ts';
import { planPreset } from './preset/plan-preset.ts';
import type { AnyPreset } from './preset/preset.ts';
import type { PresetReport, ProbePlan } from './probe-plan.ts';
import { type ProcessOffsets, processOffsets } from './process-offsets.ts';
import { selectFunctions, type Untraceable } from './select-functions.ts';
import { type SiteAction, siteAction } from './wire.ts';

export interface PlanOptions {
  readonly patterns: readonly FunctionPattern[];
  readonly presets: readonly AnyPreset[];
  /** Requests into which a header is written; left out: none. */
  readonly outgoing?: readonly Outgoing[] | undefined;
  readonly limits?: CaptureLimits | undefined;
  /** Undefined: nothing is hidden. */
  readonly redaction?: RedactionRules | undefined;
  /** `context`, if it is not said. */
  readonly parents?: ParentMode | undefined;
  /** Functions that patterns may name in all; the rest is reported, not traced. */
  readonly maxFunctions?: number | undefined;
  /** Whether calls that the compiler inlined are counted; left out: they are. */
  readonly countInlined?: boolean | undefined;
  /** Whether it is followed what goroutines do while calls run on them. */
  readonly goroutineTimes?: boolean | undefined;
  /** Whether it is followed where the time of HTTP requests goes. */
  readonly requestPhases?: boolean | undefined;
  /** Whether messages of gRPC calls are counted. */
  readonly countMessages?: boolean | undefined;
  /** Functions of modules are traced as well: what is needed for all calls is planned even if no function matches. */
  readonly hasModules?: boolean | undefined;
}

const defaultMaxFunctions = 1000;

/** A note of programs that load plugins, where a pattern fits no function. */
export const laterPlugins = 'It can load plugins: functions of those that it loads after this are not traced.';

/** Ops of one process: of PLAN_OPS, so that others have room. */
const shallowFrom = planLimits.planOps / 4;
const flatFrom = planLimits.planOps / 2;

/** What abandons calls, in every traced process. */
const runtimeSites: readonly { readonly name: string; readonly action: SiteAction; readonly without: string }[] = [
  { name: 'runtime.gopanic', action: siteAction.panic, without: 'panics are taken for unpaired calls' },
  // Nobody has recovered: the process is about to end.
  { name: 'runtime.fatalpanic', action: siteAction.goroutineEnd, without: 'calls that end the process are not seen' },
  { name: 'runtime.recovery', action: siteAction.recovery, without: 'calls that a panic ended are closed late' },
  { name: 'runtime.Goexit', action: siteAction.goexit, without: 'calls that Goexit ended are closed late' },
];

/**
 * Plans all probes of a binary. Returns a reason only if nothing at all can be traced; a function or preset that can't be
 * is in the plan's report.
 * @param isElsewhere of a module: whether calls of that function run in the executable's copy of it
 */
export function planProbes(
  binary: GoBinary,
  options: PlanOptions,
  isElsewhere?: (functionName: string) => boolean,
): Found<ProbePlan> {
  const { patterns, presets, limits = defaultCaptureLimits, maxFunctions = defaultMaxFunctions } = options;
  using finder = new SiteFinder(binary);
  const process = processOffsets(binary, finder.convention);
  if (process.unavailable !== undefined) return process;
  const builder = new PlanBuilder(binary, finder, {
    redaction: createRedaction(options.redaction),
    mapParts: (type) => unlessDamaged(() => mapParts(binary, type)),
  });

  const messages = options.countMessages ? builder.attempt(() => findMessageSites(builder)) : undefined;
  const counted = messages?.value?.value;
  const presetReports = presets.map((preset) =>
    planAnyPreset(builder, counted === undefined ? withoutMessages(preset) : preset, limits),
  );
  if (counted !== undefined) addMessageSites(builder, counted);
  const uncounted = messages?.unavailable ?? messages?.value?.unavailable;
  if (uncounted !== undefined) builder.notes.push(`messages of gRPC calls are not counted: ${uncounted}`);
  presetReports.push(...(options.outgoing ?? []).map((each) => planWriting(builder, each)));
  const selection = selectFunctions(binary, patterns, maxFunctions, isElsewhere);
  const untraceable: Untraceable[] = [...selection.untraceable];
  const { notes } = builder;
  for (const fn of selection.functions) {
    const signature = selection.signatures.get(fn.entryVaddr);
    const planned = builder.attempt(() => planFunction(builder, fn, limitsFor(builder, limits, notes), signature));
    const reason = planned.unavailable ?? planned.value;
    if (reason !== undefined) untraceable.push({ functionName: fn.name, reason });
  }
  if (selection.inlinedUnavailable !== undefined) {
    notes.push(`calls that the compiler inlined are not counted: ${selection.inlinedUnavailable}`);
  }
  const inlined = planInlinedCalls(builder, selection, options.countInlined);
  const parents = builder.attempt(() => planParents(builder, options.parents ?? 'context'));
  if (parents.unavailable !== undefined) {
    notes.push(`calls on other goroutines begin traces: ${parents.unavailable}`);
    // As if none had a context.
    builder.probes = builder.probes.map((probe) => ({ ...probe, context: undefined }));
  }
  const activities = options.goroutineTimes ? builder.attempt(() => planActivities(builder)) : undefined;
  if (activities?.unavailable !== undefined) {
    notes.push(`what goroutines do while calls run on them is not told: ${activities.unavailable}`);
  }
  const phases = options.requestPhases ? builder.attempt(() => planPhases(builder)) : undefined;
  if (phases?.unavailable !== undefined)
    notes.push(`where the time of requests goes is not told: ${phases.unavailable}`);
  const panicValue =
    builder.probes.length > 0 || options.hasModules
      ? addRuntimeSites(builder, process.value, limitsFor(builder, limits, notes))
      : undefined;
  const dynamic = builder.attempt(() => planDynamicTypes(builder, limitsFor(builder, limits, notes)));
  if (dynamic.unavailable !== undefined) notes.push(`values behind interfaces are not read: ${dynamic.unavailable}`);
  if (selection.unmatched.length > 0 && binary.functionsNamed('plugin.open').length > 0) notes.push(laterPlugins);

  return {
    value: {
      process: process.value,
      parents: parents.value,
      activities: activities?.value,
      panicValue,
      plans: builder.plans,
      strings: builder.strings.strings,
      functionNames: builder.functionNames,
      probes: builder.allProbes(),
      sites: builder.sites,
      dynamicTypes: builder.dynamicTypes,
      report: {
        untraceable,
        neverReturning: neverReturning(builder),
        inlined,
        unmatched: selection.unmatched,
        matched: selection.matched,
        taken: selection.functions.length,
        presets: presetReports,
        notes,
      },
    },
  };
}

function planAnyPreset(builder: PlanBuilder, preset: AnyPreset, limits: CaptureLimits): PresetReport {
  const planned = builder.attempt(() =>
    'notes' in preset ? planNotes(builder, preset, limits) : planPreset(builder, preset, limits),
  );
  if (planned.unavailable === undefined) return planned.value;
  builder.forgetPreset(preset.name);
  return { name: preset.name, unavailable: planned.unavailable, missing: [] };
}

function planWriting(builder: PlanBuilder, outgoing: Outgoing): PresetReport {
  const planned = builder.attempt(() => planOutgoing(builder, outgoing));
  if (planned.unavailable === undefined) return planned.value;
  return { name: outgoing.name, unavailable: planned.unavailable, missing: [] };
}

/** Less is followed from where on many functions would fill the table of ops, which all processes share. */
function limitsFor(builder: PlanBuilder, limits: CaptureLimits, notes: string[]): CaptureLimits {
  const depth = builder.opCount < shallowFrom ? limits.depth : builder.opCount < flatFrom ? 1 : 0;
  if (depth >= limits.depth) return limits;
  const note = `so many functions: values of the later ones are followed ${depth} pointers deep instead of ${limits.depth}`;
  if (!notes.includes(note)) notes.push(note);
  return { ...limits, depth };
}

function neverReturning({ probes, sites }: PlanBuilder): string[] {
  const returning = new Set(sites.filter(({ action }) => action === siteAction.leave).map(({ probe }) => probe));
  return probes
    .filter(({ description: { kind, inlined } }, index) => kind === 'function' && !inlined && !returning.has(index))
    .map(({ description }) => description.functionName);
}

/** Returns how the value of a panic is captured. */
function addRuntimeSites(
  builder: PlanBuilder,
  { recovery }: ProcessOffsets,
  limits: CaptureLimits,
): CaptureShape | undefined {
  const { notes } = builder;
  let panicValue: CaptureShape | undefined;
  for (const { name, action, without } of runtimeSites) {
    if (action === siteAction.recovery && recovery === undefined) {
      notes.push(`its type descriptors do not tell where a panic ends: ${without}`);
      continue;
    }
    const fn = preferredFunction(builder.binary.functionsNamed(name));
    // A function that the linker left out is never called.
    if (fn === undefined) continue;
    const attempt = builder.attempt(() => {
      const sites = builder.finder.findEntry(fn);
      if (sites.value === undefined) return sites.unavailable;
      const isPanic = action === siteAction.panic;
      const read = isPanic ? builder.attempt(() => planPanicValue(builder, fn, sites.value, limits)) : undefined;
      if (read?.unavailable !== undefined) notes.push(`what calls panicked with is not read: ${read.unavailable}`);
      const value = read?.value;
      panicValue = value?.shape ?? panicValue;
      builder.addEntry(fn, sites.value, action, undefined, value && builder.addPlan(value));
      return undefined;
    });
    const reason = attempt.unavailable ?? attempt.value;
    if (reason !== undefined) notes.push(`${name} can't be probed (${reason}): ${without}`);
  }
  return panicValue;
}
