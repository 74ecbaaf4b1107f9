import type { GoFunction } from '../binary/go-binary.ts';
import type { CapturePlan } from './capture-plan.ts';
import { compileCapture } from './compile-preset.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { addPresetDynamicType } from './plan-dynamic-types.ts';
import { collectInterfaces } from './plan-functions.ts';
import type { Preset, PresetSite } from './preset.ts';
import type { PresetReport } from './probe-plan.ts';
import type { CaptureShape, NamedShape } from './shape.ts';
import type { CaptureLimits } from './shape-context.ts';
import type { FunctionSites } from './site.ts';
import { preferredFunction } from './site-finder.ts';
import { probeFlag, siteAction } from './wire.ts';

interface ReadySite {
  readonly site: PresetSite;
  readonly fn: GoFunction;
  readonly sites: FunctionSites;
  readonly plan: CapturePlan | undefined;
}

/** Adds a preset's probe, sites and plans; says in the report what the binary lacks. */
export function planPreset(builder: PlanBuilder, preset: Preset, limits: CaptureLimits): PresetReport {
  const ready: ReadySite[] = [];
  const missing: string[] = [];
  let imageBytes = 0;
  for (const site of preset.sites) {
    const result = prepareSite(builder, site, limits, imageBytes);
    if (typeof result !== 'string') {
      ready.push(result);
      // Captures of one probe are told apart by the size of their first image.
      if (site.action === 'finish' && result.plan) imageBytes = result.plan.shape.imageBytes + 8;
    } else if (site.optional === undefined) {
      return { name: preset.name, unavailable: result, missing };
    } else {
      missing.push(`${site.functions[0]}: ${site.optional}`);
    }
  }
  const abandoned = preset.abandoned
    ? compileCapture(
        preset.abandoned,
        { binary: builder.binary, abi: builder.finder.convention.abi, limits, strings: builder.strings },
        imageBytes,
      )
    : undefined;
  if (abandoned?.unavailable !== undefined) return { name: preset.name, unavailable: abandoned.unavailable, missing };
  addReadySites(builder, preset, ready, abandoned?.value);
  for (const type of preset.dynamicTypes ?? []) addPresetDynamicType(builder, type, limits);
  return { name: preset.name, missing };
}

function prepareSite(
  builder: PlanBuilder,
  site: PresetSite,
  limits: CaptureLimits,
  imageBytes: number,
): ReadySite | string {
  const { binary, strings } = builder;
  const fn = site.functions.map((name) => preferredFunction(binary.functionsNamed(name))).find((f) => f !== undefined);
  if (fn === undefined) return `the program has no ${site.functions.join(' or ')}`;
  const sites = site.where === 'entry' ? builder.finder.findEntry(fn) : builder.finder.find(fn);
  if (sites.unavailable !== undefined) return `${fn.name}: ${sites.unavailable}`;
  if (site.capture === undefined) return { site, fn, sites: sites.value, plan: undefined };
  const { abi } = sites.value;
  const plan = compileCapture(
    site.capture,
    { binary, abi, limits, strings },
    site.action === 'finish' ? imageBytes : 0,
  );
  if (plan.unavailable !== undefined) return plan.unavailable;
  return { site, fn, sites: sites.value, plan: plan.value };
}

function addReadySites(
  builder: PlanBuilder,
  preset: Preset,
  ready: readonly ReadySite[],
  abandoned: CapturePlan | undefined,
): void {
  const finishing = ready.filter(({ site }) => site.action === 'finish').map(({ plan }) => plan);
  const fields = [...finishing, abandoned].filter((plan) => plan !== undefined).map((plan) => plan.shape);
  const entering = ready.find(({ site }) => site.action === 'enter')?.plan?.shape;
  const entryFields = entering && hasFields(entering) ? entering : undefined;
  for (const shape of entryFields ? [entryFields, ...fields] : fields) collectInterfaces(shape, builder.interfaces);
  const begin = ready[0]?.fn;
  if (begin !== undefined) builder.presetFunctions.set(begin.entryVaddr, preset.name);
  const probe = builder.addProbe({
    description: {
      kind: preset.kind,
      functionName: begin?.name ?? preset.name,
      source: begin && builder.binary.sourceLine(begin.entryVaddr),
      scopeName: preset.scopeName,
    },
    preset: preset.name,
    flags:
      (preset.server ? probeFlag.server : 0) |
      (preset.held ? probeFlag.held : 0) |
      (entryFields === undefined ? 0 : probeFlag.keepArguments),
    abandonedPlan: abandoned && builder.addPlan(abandoned),
    entryFields,
    fields,
  });
  for (const { site, fn, sites, plan } of ready) {
    const index = plan && builder.addPlan(plan);
    // Ending a goroutine ends calls of all probes.
    const owner = site.action === 'goroutineEnd' ? undefined : probe;
    if (site.where === 'entry') builder.addEntry(fn, sites, siteAction[site.action], owner, index);
    else builder.addExits(fn, sites, siteAction[site.action], owner, index);
  }
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
