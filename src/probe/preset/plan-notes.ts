import type { CaptureLimits } from '../capture/shape-context.ts';
import { hasFields } from '../capture/shape-fields.ts';
import type { PlanBuilder } from '../plan-builder.ts';
import { addPresetDynamicType } from '../plan-dynamic-types.ts';
import { collectInterfaces } from '../plan-functions.ts';
import type { PresetReport } from '../probe-plan.ts';
import { siteAction, siteFlag } from '../wire.ts';
import { namedLabels } from './plan-preset.ts';
import type { NotesPreset } from './preset.ts';
import { functionsOf, lacks, prepareSite, type ReadySite } from './preset-site.ts';

/** Adds the sites of a preset that says something of another one's calls: a router's of the requests. */
export function planNotes(builder: PlanBuilder, preset: NotesPreset, limits: CaptureLimits): PresetReport {
  const { name, sites } = preset;
  const found = sites.map((site) => ({ site, fn: functionsOf(builder, site)[0] }));
  const absent = found.find(({ site, fn }) => fn === undefined && site.optional === undefined);
  if (absent !== undefined) return { name, unavailable: lacks(absent.site.functions), isAbsent: true, missing: [] };
  const probes = builder.presetProbes.get(preset.notes) ?? [];
  if (probes.length === 0) {
    return { name, unavailable: `${preset.notes} is not traced`, isAbsent: true, missing: [] };
  }
  const ready: ReadySite[] = [];
  for (const { site, fn } of found) {
    if (fn === undefined) continue;
    // Captures of one probe are told apart by the size of their first image.
    const last = ready.at(-1)?.plan ?? { shape: builder.noteShapes(probes[0] ?? 0).at(-1) };
    const result = prepareSite(builder, site, fn, limits, (last.shape?.imageBytes ?? 0) + 8);
    if (result.unavailable !== undefined) return { name, unavailable: result.unavailable, missing: [] };
    ready.push(result.value);
  }
  for (const probe of probes) {
    builder.noteLabels(probe).push(...(namedLabels(ready.map(({ labels }) => labels)) ?? []));
    for (const { site, fn, sites: found, plan, labels } of ready) {
      const index = plan && builder.addPlan(plan);
      const labelPlan = labels && builder.addPlan(labels);
      const isSilent = plan === undefined || !hasFields(plan.shape);
      const flags = isSilent ? siteFlag.silent : 0;
      if (site.where === 'entry') builder.addEntry(fn, found, siteAction.note, probe, index, { flags, labelPlan });
      else builder.addExits(fn, found, siteAction.note, probe, index, { flags, labelPlan });
      if (isSilent) continue;
      builder.noteShapes(probe).push(plan.shape);
      collectInterfaces(plan.shape, builder.interfaces);
    }
  }
  for (const type of preset.dynamicTypes ?? []) addPresetDynamicType(builder, type, limits);
  return { name, missing: [] };
}
