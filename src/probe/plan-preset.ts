import type { Found, GoFunction } from '../binary/go-binary.ts';
import type { Abi } from './calling-convention.ts';
import type { CapturePlan } from './capture-plan.ts';
import { compileCapture } from './compile-preset.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { addPresetDynamicType } from './plan-dynamic-types.ts';
import { collectInterfaces } from './plan-functions.ts';
import type { Preset, PresetCapture, PresetSite } from './preset.ts';
import type { PresetReport } from './probe-plan.ts';
import type { CaptureShape, LabelShape, NamedShape, Shape } from './shape.ts';
import type { CaptureLimits } from './shape-context.ts';
import type { FunctionSites } from './site.ts';
import { preferredFunction } from './site-finder.ts';
import { probeFlag, siteAction } from './wire.ts';

interface ReadySite {
  readonly site: PresetSite;
  readonly fn: GoFunction;
  readonly sites: FunctionSites;
  readonly plan: CapturePlan | undefined;
  /** Of an entry: what is read at the function's RETs, where its calls end. */
  readonly results: CapturePlan | undefined;
  /** In place of these two for a call that is not sampled. */
  readonly labels: CapturePlan | undefined;
  readonly resultLabels: CapturePlan | undefined;
}

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
    } else missing.push(`${enter.functions[0]}: ${enter.optional}`);
  }
  if (ready.length === 0) {
    const names = preset.sites.filter(({ action }) => action === 'enter').flatMap(({ functions }) => functions);
    return { name: preset.name, unavailable: lacks(names), isAbsent: true, missing: [] };
  }
  for (const call of ready) addCall(builder, preset, call);
  for (const type of preset.dynamicTypes ?? []) addPresetDynamicType(builder, type, limits);
  return { name: preset.name, missing };
}

/** The sites of each function where calls begin. */
function callsOf(sites: readonly PresetSite[]): PresetSite[][] {
  const calls: PresetSite[][] = [];
  for (const site of sites) {
    if (site.action === 'enter') calls.push([site]);
    else calls.at(-1)?.push(site);
  }
  return calls;
}

interface ReadyCall {
  readonly sites: readonly ReadySite[];
  readonly abandoned: CapturePlan | undefined;
  readonly abandonedLabels: CapturePlan | undefined;
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
  for (const site of sites) {
    const result = prepareSite(builder, site, limits, imageBytes);
    if (result.unavailable === undefined) {
      ready.push(result.value);
      // Captures of one probe are told apart by the size of their first image.
      if (site.action === 'finish' && result.value.plan) imageBytes = result.value.plan.shape.imageBytes + 8;
    } else if (site.action === 'enter' || site.optional === undefined) {
      const isAbsent = site.action === 'enter' && !site.functions.some((name) => hasFunction(builder, name));
      return { unavailable: result.unavailable, missing, isAbsent };
    } else {
      missing.push(`${site.functions[0]}: ${site.optional}`);
    }
  }
  const { abi } = builder.finder.convention;
  const abandoned = preset.abandoned && compile(builder, preset.abandoned, abi, limits, imageBytes);
  if (abandoned?.unavailable !== undefined) return { unavailable: abandoned.unavailable, missing };
  const abandonedLabels = preset.abandonedLabels && compile(builder, preset.abandonedLabels, abi, limits, 0);
  if (abandonedLabels?.unavailable !== undefined) return { unavailable: abandonedLabels.unavailable, missing };
  return { value: { sites: ready, abandoned: abandoned?.value, abandonedLabels: abandonedLabels?.value }, missing };
}

function hasFunction({ binary }: PlanBuilder, name: string): boolean {
  return preferredFunction(binary.functionsNamed(name)) !== undefined;
}

function lacks(functions: readonly string[]): string {
  return `the program has no ${functions.join(' or ')}`;
}

function compile(
  { binary, strings }: PlanBuilder,
  capture: PresetCapture,
  abi: Abi,
  limits: CaptureLimits,
  minImageBytes: number,
  headersWalked = false,
): Found<CapturePlan> {
  return compileCapture(capture, { binary, abi, limits, strings, headersWalked }, minImageBytes);
}

function prepareSite(
  builder: PlanBuilder,
  site: PresetSite,
  limits: CaptureLimits,
  imageBytes: number,
): Found<ReadySite> {
  const { binary, finder } = builder;
  const fn = site.functions.map((name) => preferredFunction(binary.functionsNamed(name))).find((f) => f !== undefined);
  if (fn === undefined) return { unavailable: lacks(site.functions) };
  const hasExits = site.where === 'exits' || site.results !== undefined;
  const sites = hasExits ? finder.find(fn) : finder.findEntry(fn);
  if (sites.unavailable !== undefined) return { unavailable: `${fn.name}: ${sites.unavailable}` };
  const { abi } = sites.value;
  const minImageBytes = site.action === 'finish' ? imageBytes : 0;
  const plan = site.capture && compile(builder, site.capture, abi, limits, minImageBytes);
  if (plan?.unavailable !== undefined) return plan;
  const results = site.results && compile(builder, site.results, abi, limits, 0);
  if (results?.unavailable !== undefined) return results;
  const labels = site.labels && compile(builder, site.labels, abi, limits, 0, looksHeadersUp(site));
  if (labels?.unavailable !== undefined) return labels;
  const resultLabels = site.resultLabels && compile(builder, site.resultLabels, abi, limits, 0);
  if (resultLabels?.unavailable !== undefined) return resultLabels;
  return {
    value: {
      site,
      fn,
      sites: sites.value,
      plan: plan?.value,
      results: results?.value,
      labels: labels?.value,
      resultLabels: resultLabels?.value,
    },
  };
}

/** Whether the capture at the site looks for a traceparent, and for other headers beside it. */
function looksHeadersUp({ capture }: PresetSite): boolean {
  return (capture?.words ?? []).some(({ fields }) => fields?.some((field) => 'traceparent' in field));
}

function addCall(builder: PlanBuilder, preset: Preset, { sites: ready, abandoned, abandonedLabels }: ReadyCall): void {
  const [begin] = ready;
  if (begin === undefined) return;
  const finishing = ready.filter(({ site }) => site.action === 'finish').map(({ plan }) => plan);
  const fields = [begin.results, ...finishing, abandoned]
    .filter((plan) => plan !== undefined)
    .map(({ shape }) => shape);
  const entering = begin.plan?.shape;
  const entryFields = entering && hasFields(entering) ? entering : undefined;
  for (const shape of entryFields ? [entryFields, ...fields] : fields) collectInterfaces(shape, builder.interfaces);
  builder.presetFunctions.set(begin.fn.entryVaddr, preset.name);
  const probe = builder.addProbe({
    description: {
      kind: preset.kind,
      functionName: begin.fn.name,
      source: builder.binary.sourceLine(begin.fn.entryVaddr),
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
    entryFields,
    fields,
  });
  const group = preset.group === undefined ? undefined : builder.groupNumber(preset.group);
  for (const { site, fn, sites, plan, results, labels, resultLabels } of ready) {
    const index = plan && builder.addPlan(plan);
    // Ending a goroutine ends calls of all probes.
    const owner = site.action === 'goroutineEnd' ? undefined : probe;
    const action = siteAction[site.action];
    const labelPlan = labels && builder.addPlan(labels);
    if (site.where === 'entry') builder.addEntry(fn, sites, action, owner, index, { group, labelPlan });
    else builder.addExits(fn, sites, action, owner, index, { labelPlan });
    if (results !== undefined) {
      const exit = { group, labelPlan: resultLabels && builder.addPlan(resultLabels) };
      builder.addExits(fn, sites, siteAction.leave, probe, builder.addPlan(results), exit);
    }
  }
}

/** Each once: several sites may end a call. */
function namedLabels(plans: readonly (CapturePlan | undefined)[]): readonly LabelShape[] | undefined {
  const found = new Map<string, LabelShape>();
  const collect = (shape: Shape): void => {
    if (shape.kind === 'label' && shape.name !== undefined) found.set(shape.name, shape);
    else if (shape.kind === 'struct') for (const field of shape.fields) collect(field.shape);
    else if (shape.kind === 'pointer' || shape.kind === 'context') collect(shape.target);
  };
  for (const plan of plans) for (const { shape } of plan?.shape.values ?? []) collect(shape);
  return found.size === 0 ? undefined : [...found.values()];
}

/** Words that are only kept, and a traceparent, give no field. */
function hasFields({ values }: CaptureShape): boolean {
  const leadsToField = ({ name, shape }: NamedShape): boolean => {
    if (name !== '') return true;
    if (shape.kind === 'pointer' || shape.kind === 'context') return leadsToField({ name, shape: shape.target });
    return (shape.kind === 'struct' || shape.kind === 'words') && shape.fields.some(leadsToField);
  };
  return values.some(leadsToField);
}
