import type { Found, GoBinary, GoFunction } from '../../binary/go-binary.ts';
import type { CapturePlan } from '../capture/capture-plan.ts';
import { fieldPath } from '../capture/field-path.ts';
import type { CaptureLimits } from '../capture/shape-context.ts';
import type { Abi } from '../code/calling-convention.ts';
import { registerSequences } from '../code/register-assignment.ts';
import type { FunctionSites } from '../code/site.ts';
import { preferredFunction } from '../code/site-finder.ts';
import type { PlanBuilder } from '../plan-builder.ts';
import type { ObjectPlace } from '../probe-plan.ts';
import { compileCapture } from './compile-preset.ts';
import type { PresetCapture, PresetSite } from './preset.ts';

/** A preset's site in one binary. */
export interface ReadySite {
  readonly site: PresetSite;
  readonly fn: GoFunction;
  readonly sites: FunctionSites;
  readonly plan: CapturePlan | undefined;
  /** Of an entry: what is read at the function's RETs, where its calls end. */
  readonly results: CapturePlan | undefined;
  /** In place of these two for a call that is not sampled. */
  readonly labels: CapturePlan | undefined;
  readonly resultLabels: CapturePlan | undefined;
  readonly object: ObjectPlace | undefined;
}

/** The site's function, or all instances of a generic one; none: the binary lacks it. */
export function functionsOf({ binary }: PlanBuilder, { functions }: PresetSite): readonly GoFunction[] {
  for (const name of functions) {
    const [prefix, ending] = name.split(typeArguments);
    if (ending === undefined) {
      const fn = preferredFunction(binary.functionsNamed(name));
      if (fn !== undefined) return [fn];
      continue;
    }
    const instances = [...binary.functions([{ prefix: `${prefix}[`, ending: `]${ending}` }])];
    if (instances.length > 0) return instances.filter(({ isWrapper }) => !isWrapper);
  }
  return [];
}

const typeArguments = '[*]';

/**
 * Makes the captures of the site in one of its functions.
 * @param imageBytes the first image of the site's capture is made at least that large
 */
export function prepareSite(
  builder: PlanBuilder,
  site: PresetSite,
  fn: GoFunction,
  limits: CaptureLimits,
  imageBytes: number,
): Found<ReadySite> {
  const { binary, finder } = builder;
  const hasExits = site.where === 'exits' || site.results !== undefined;
  const sites = site.where === 'call' ? finder.findIndirectCall(fn) : hasExits ? finder.find(fn) : finder.findEntry(fn);
  if (sites.unavailable !== undefined) return { unavailable: `${fn.name}: ${sites.unavailable}` };
  const { abi } = sites.value;
  const plan = site.capture && compile(builder, site.capture, abi, limits, imageBytes);
  if (plan?.unavailable !== undefined) return plan;
  const results = site.results && compile(builder, site.results, abi, limits, 0);
  if (results?.unavailable !== undefined) return results;
  const labels = site.labels && compile(builder, site.labels, abi, limits, 0, looksHeadersUp(site));
  if (labels?.unavailable !== undefined) return labels;
  const resultLabels = site.resultLabels && compile(builder, site.resultLabels, abi, limits, 0);
  if (resultLabels?.unavailable !== undefined) return resultLabels;
  const object = objectPlace(binary, site, abi);
  if (site.object !== undefined && object === undefined) {
    return { unavailable: `${fn.name}: the object by which a call is known is in no register` };
  }
  return {
    value: {
      site,
      fn,
      sites: sites.value,
      plan: plan?.value,
      results: results?.value,
      labels: labels?.value,
      resultLabels: resultLabels?.value,
      object,
    },
  };
}

function objectPlace(binary: GoBinary, { object, objectIn }: PresetSite, abi: Abi): ObjectPlace | undefined {
  if (object === undefined || abi === 'stack') return undefined;
  const register = registerSequences[binary.arch].integer[object];
  const wrapper = objectIn && binary.runtimeType(objectIn.type);
  const field = wrapper && fieldPath(wrapper, objectIn.path).value;
  // The interface's second word.
  return register === undefined ? undefined : { register, at: field === undefined ? 0 : field.at + 8 };
}

/** For one of the functions' ABI. */
export function compile(
  { binary, strings }: PlanBuilder,
  capture: PresetCapture,
  abi: Abi,
  limits: CaptureLimits,
  minImageBytes: number,
  headersWalked = false,
): Found<CapturePlan> {
  return compileCapture(capture, { binary, abi, limits, strings, headersWalked }, minImageBytes);
}

/** Whether the capture at the site looks for a traceparent, and for other headers beside it. */
function looksHeadersUp({ capture }: PresetSite): boolean {
  return (capture?.words ?? []).some(({ fields }) => fields?.some((field) => 'traceparent' in field));
}

/** Whether the program has all that the site is for. */
export function isWanted({ binary }: PlanBuilder, { neededFor }: PresetSite): boolean {
  return (neededFor ?? []).every((name) => binary.functionsNamed(name).length > 0);
}

/** Why a preset is not active. */
export function lacks(functions: readonly string[]): string {
  return `the program has no ${functions.join(' or ')}`;
}
