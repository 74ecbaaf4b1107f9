import type { Found, GoFunction } from '../../binary/go-binary.ts';
import type { CapturePlan } from '../capture/capture-plan.ts';
import { contextOfPreset } from '../capture/context-place.ts';
import type { LabelShape, Shape } from '../capture/shape.ts';
import type { CaptureLimits } from '../capture/shape-context.ts';
import { hasFields } from '../capture/shape-fields.ts';
import type { PlanBuilder } from '../plan-builder.ts';
import { addPresetDynamicType, addWrappers } from '../plan-dynamic-types.ts';
import { collectInterfaces } from '../plan-functions.ts';
import type { PresetReport } from '../probe-plan.ts';
import { probeFlag, siteAction, siteFlag } from '../wire.ts';
import type { Preset, PresetSite } from './preset.ts';
import { compile, functionsOf, isWanted, lacks, prepareSite, type ReadySite } from './preset-site.ts';

/** Adds a preset's probes, sites and plans; says in the report what the binary lacks. */
export function planPreset(builder: PlanBuilder, preset: Preset, limits: CaptureLimits): PresetReport {
  const missing: string[] = [];
  const ready: ReadyCall[] = [];
  for (const sites of callsOf(preset.sites)) {
    const call = prepareCall(builder, preset, sites, limits);
    missing.push(...call.missing);
    const [enter] = sites;
    if (call.unavailable === undefined) ready.push(call.value);
    else if (enter?.optional === undefined) {
      return { name: preset.name, unavailable: call.unavailable, isAbsent: call.isAbsent, missing };
    } else if (!call.isAbsent) missing.push(`${enter.functions[0]}: ${enter.optional}`);
  }
  if (ready.length === 0) {
    const names = preset.sites.filter(({ action }) => action === 'enter').flatMap(({ functions }) => functions);
    return { name: preset.name, unavailable: lacks(names), isAbsent: true, missing: [] };
  }
  for (const call of ready) addCall(builder, preset, call);
  for (const type of preset.dynamicTypes ?? []) addPresetDynamicType(builder, type, limits);
  addWrappers(builder, preset.wrapped ?? [], limits);
  return { name: preset.name, missing };
}

/** The sites of each function where calls begin. */
function callsOf(sites: readonly PresetSite[]): PresetSite[][] {
  const calls: PresetSite[][] = [];
  for (const site of sites) {
    if (site.action === 'enter' && !site.again) calls.push([site]);
    else calls.at(-1)?.push(site);
  }
  return calls;
}

interface ReadyCall {
  readonly sites: readonly ReadySite[];
  readonly abandoned: CapturePlan | undefined;
  readonly abandonedLabels: CapturePlan | undefined;
}

/** The site in its function, or in each instance of a generic one; without a function: the binary lacks it. */
function inFunctions(
  builder: PlanBuilder,
  site: PresetSite,
): { readonly site: PresetSite; readonly fn?: GoFunction }[] {
  const [first, ...others] = functionsOf(builder, site);
  if (first === undefined) return [{ site }];
  return [{ site, fn: first }, ...others.map((fn) => ({ site: { ...site, again: true }, fn }))];
}

/** @returns with what is missing of the optional sites */
function prepareCall(
  builder: PlanBuilder,
  preset: Preset,
  sites: readonly PresetSite[],
  limits: CaptureLimits,
): Found<ReadyCall> & { readonly missing: readonly string[]; readonly isAbsent?: boolean } {
  const ready: ReadySite[] = [];
  const missing: string[] = [];
  let imageBytes = 0;
  for (const { site, fn } of sites
    .filter((one) => isWanted(builder, one))
    .flatMap((one) => inFunctions(builder, one))) {
    const ends = site.action === 'finish' || site.action === 'release';
    const result = fn
      ? prepareSite(builder, site, fn, limits, ends ? imageBytes : 0)
      : { unavailable: lacks(site.functions) };
    if (result.unavailable === undefined) {
      ready.push(result.value);
      // Captures of one probe are told apart by the size of their first image.
      const plan = ends ? result.value.plan : result.value.results;
      if (plan !== undefined) imageBytes = plan.shape.imageBytes + 8;
    } else if ((site.action === 'enter' && !site.again) || site.optional === undefined) {
      const isAbsent = site.action === 'enter' && fn === undefined;
      return { unavailable: result.unavailable, missing, isAbsent };
    } else {
      missing.push(`${site.functions[0]}: ${site.optional}`);
    }
  }
  if (ready.length === 0)
    return { unavailable: lacks(sites.flatMap(({ neededFor = [] }) => neededFor)), missing, isAbsent: true };
  const { abi } = builder.finder.convention;
  const leftBehind = sites[0]?.abandoned ?? preset.abandoned;
  const abandoned = leftBehind && compile(builder, leftBehind, abi, limits, imageBytes);
  if (abandoned?.unavailable !== undefined) return { unavailable: abandoned.unavailable, missing };
  const labelsLeft = sites[0]?.abandonedLabels ?? preset.abandonedLabels;
  const abandonedLabels = labelsLeft && compile(builder, labelsLeft, abi, limits, 0);
  if (abandonedLabels?.unavailable !== undefined) return { unavailable: abandonedLabels.unavailable, missing };
  return { value: { sites: ready, abandoned: abandoned?.value, abandonedLabels: abandonedLabels?.value }, missing };
}

function addCall(builder: PlanBuilder, preset: Preset, { sites: ready, abandoned, abandonedLabels }: ReadyCall): void {
  const [begin] = ready;
  if (begin === undefined) return;
  const finishing = ready
    .filter(({ site }) => site.action === 'finish' || site.action === 'release')
    .map(({ plan }) => plan);
  const fields = [begin.results, ...finishing, abandoned]
    .filter((plan) => plan !== undefined)
    .map(({ shape }) => shape);
  const entering = begin.plan?.shape;
  const entryFields = entering && hasFields(entering) ? entering : undefined;
  for (const shape of entryFields ? [entryFields, ...fields] : fields) collectInterfaces(shape, builder.interfaces);
  const probe = builder.addProbe({
    description: {
      kind: preset.kind,
      functionName: begin.fn.name,
      source: builder.sourceLine(begin.fn.entryVaddr),
      scopeName: preset.scopeName,
      known: begin.site.known,
    },
    preset: preset.name,
    flags:
      (preset.server ? probeFlag.server : 0) |
      (preset.held ? probeFlag.held : 0) |
      (entryFields === undefined ? 0 : probeFlag.keepArguments),
    abandonedPlan: abandoned && builder.addPlan(abandoned),
    abandonedLabelPlan: abandonedLabels && builder.addPlan(abandonedLabels),
    labels: namedLabels([...ready.flatMap(({ labels, resultLabels }) => [labels, resultLabels]), abandonedLabels]),
    failure: preset.failure,
    context: begin.site.context && contextOfPreset(begin.site.context, builder.binary, begin.sites.abi),
    entryFields,
    fields,
  });
  const group = preset.group === undefined ? undefined : builder.groupNumber(preset.group);
  for (const { site, fn, sites, plan, results, labels, resultLabels, object } of ready) {
    const index = plan && builder.addPlan(plan);
    // Ending a goroutine ends calls of all probes.
    const owner = site.action === 'goroutineEnd' ? undefined : probe;
    const action = siteAction[site.action];
    const labelPlan = labels && builder.addPlan(labels);
    const flags = site.repeats ? siteFlag.repeats : 0;
    const parts = site.action === 'enter' ? { group, labelPlan } : { object, labelPlan, flags };
    if (site.where === 'exits') builder.addExits(fn, sites, action, owner, index, { labelPlan });
    else builder.addEntry(fn, sites, action, owner, index, parts);
    if (results === undefined) continue;
    const leaving = object === undefined ? siteAction.leave : siteAction.keep;
    const exit = { group, object, labelPlan: resultLabels && builder.addPlan(resultLabels) };
    builder.addExits(fn, sites, leaving, probe, builder.addPlan(results), exit);
  }
  for (const { site, fn } of ready) {
    if (site.action === 'enter' && site.where === 'entry') builder.presetFunctions.set(fn.entryVaddr, preset.name);
  }
  builder.presetProbes.set(preset.name, [...(builder.presetProbes.get(preset.name) ?? []), probe]);
}

/** Each once: several sites may end a call. */
export function namedLabels(plans: readonly (CapturePlan | undefined)[]): readonly LabelShape[] | undefined {
  const found = new Map<string, LabelShape>();
  const collect = (shape: Shape): void => {
    if (shape.kind === 'label' && shape.name !== undefined) found.set(shape.name, shape);
    else if (shape.kind === 'struct') for (const field of shape.fields) collect(field.shape);
    else if (shape.kind === 'pointer' || shape.kind === 'context') collect(shape.target);
  };
  for (const plan of plans) for (const { shape } of plan?.shape.values ?? []) collect(shape);
  return found.size === 0 ? undefined : [...found.values()];
}
