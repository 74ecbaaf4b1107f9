import type { GoBinary } from '../binary/go-binary.ts';
import type { ProbePlan } from '../probe/probe-plan.ts';
import { siteAction } from '../probe/wire.ts';

/** What was found in the binary: `go1.26.8, exe, symbols, no DWARF`. */
export function binaryText(binary: GoBinary): string {
  return [
    binary.buildInfo.goVersion,
    buildMode(binary),
    binary.hasSymbols ? 'symbols' : 'no symbols',
    binary.hasDwarf ? 'DWARF' : 'no DWARF',
  ].join(', ');
}

export function buildMode(binary: GoBinary): string {
  return binary.buildInfo.settings.get('-buildmode') ?? (binary.positionIndependent ? 'pie' : 'exe');
}

/** What was attached: `net/http server, 12 functions, 61 sites (15 at emulated instructions)`. */
export function attachedText(plan: ProbePlan): string {
  const presets = plan.report.presets.filter(({ unavailable }) => unavailable === undefined).map(({ name }) => name);
  const traced = plan.probes.filter(({ description }) => description.kind === 'function');
  const inlined = traced.filter(({ description }) => description.inlined !== undefined).length;
  const functions = traced.length - inlined;
  const emulated = plan.sites.filter((site) => site.emulated).length;
  const parts = [
    ...presets,
    functions === 1 ? '1 function' : `${functions} functions`,
    ...(inlined === 0 ? [] : [`${inlined} inlined ${inlined === 1 ? 'call' : 'calls'}`]),
    `${plan.sites.length} sites (${emulated} at emulated instructions)`,
  ];
  return parts.join(', ');
}

/** How the probe's entry is probed, and how many exits it has. */
export function sitesOf(plan: ProbePlan, probe: number): { readonly entrySite: string; readonly exits: number } {
  const sites = plan.sites.filter((site) => site.probe === probe);
  return {
    entrySite: sites.find(({ action }) => action === siteAction.enter || action === siteAction.inlined)?.why ?? 'none',
    exits: sites.filter(({ action }) => action === siteAction.leave || action === siteAction.finish).length,
  };
}
