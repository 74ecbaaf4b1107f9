import { type ContextTypes, contextTypes } from './capture/context-place.ts';
import { preferredFunction } from './code/site-finder.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { PlannedProbe } from './probe-plan.ts';
import { measuredParentGoid } from './process-offsets.ts';
import { probeFlag, siteAction } from './wire.ts';

/**
 * SIDESPAN_GOROUTINE_PARENTS: whether parents on other goroutines are looked for by the call's context alone, which is never
 * wrong, or also by who started the goroutine.
 */
export type ParentMode = 'none' | 'context' | 'start';

/** How calls find parents on other goroutines. */
export interface ParentLookup extends ContextTypes {
  /** Offset of runtime.g.parentGoid, which came with Go 1.21; undefined: starts of goroutines are not followed. */
  readonly parentGoid?: number | undefined;
}

/** Where the runtime starts a goroutine: the call in which it is handed over to run. */
const starter = { function: 'runtime.newproc.func1', calls: 'runtime.runqput' } as const;

/**
 * Lets calls find parents on other goroutines, if any can have one: servers register their requests' contexts, and where
 * functions are traced, which may have none, the starts of goroutines are followed: a hit each.
 * @returns undefined: no call can have one
 */
export function planParents(builder: PlanBuilder, mode: ParentMode): ParentLookup | undefined {
  const isServer = ({ flags }: PlannedProbe) => (flags & probeFlag.server) !== 0;
  const byContext =
    mode !== 'none' &&
    builder.probes.some(isServer) &&
    builder.probes.some((probe) => !isServer(probe) && probe.context !== undefined);
  const hasFunctions =
    mode === 'start' &&
    builder.probes.some(({ description }) => description.kind === 'function' && !description.inlined);
  const parentGoid = hasFunctions ? addStartSite(builder) : undefined;
  if (!byContext) builder.probes = builder.probes.map((probe) => ({ ...probe, context: undefined }));
  return byContext || parentGoid !== undefined ? { ...contextTypes(builder.binary), parentGoid } : undefined;
}

/** @returns the offset of runtime.g.parentGoid */
function addStartSite(builder: PlanBuilder): number | undefined {
  const { binary, finder } = builder;
  const parentGoid = measuredParentGoid(binary);
  const fn = preferredFunction(binary.functionsNamed(starter.function));
  const callee = preferredFunction(binary.functionsNamed(starter.calls));
  if (parentGoid === undefined || fn === undefined || callee === undefined || finder.convention.abi === 'stack') {
    builder.notes.push(
      'who starts a goroutine can not be told of this program: calls on other goroutines begin traces, unless their context tells',
    );
    return undefined;
  }
  const calls = finder.callsOf(fn, callee);
  if (calls.length === 0) return undefined;
  for (const offset of calls) builder.addCallSite(fn, offset, siteAction.start);
  return parentGoid;
}
