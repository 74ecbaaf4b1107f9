import type { GoFunction } from '../binary/go-binary.ts';
import type { GoSignature, GoType } from '../binary/go-type.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { type AssignedValue, assignRegisters } from './register-assignment.ts';
import type { CaptureShape, Shape } from './shape.ts';
import type { CaptureLimits } from './shape-context.ts';
import { planValues } from './value-plan.ts';
import { probeFlag, siteAction } from './wire.ts';

const maxTypeDepth = 4;
const maxNamedTypes = 500;

/** Adds probe, sites and plans of a traced function; returns the reason if it can't be traced. */
export function planFunction(builder: PlanBuilder, fn: GoFunction, limits: CaptureLimits): string | undefined {
  const { binary } = builder;
  // Which of two calls that begin at one instruction encloses the other is up to the kernel, so they could not be paired.
  const preset = builder.presetFunctions.get(fn.entryVaddr);
  if (preset !== undefined) return `its calls are traced already, by the preset ${preset}`;
  const sites = builder.finder.find(fn);
  if (sites.unavailable !== undefined) return sites.unavailable;
  const signature = binary.signature(fn);
  const assignment =
    signature.value === undefined ? undefined : assignRegisters(signature.value, binary.arch, sites.value.abi);
  const entry = assignment && planValues(assignment.parameters.filter(isShown), limits, builder.strings);
  const exit = assignment && planValues(assignment.results, limits, builder.strings);
  const entryPlan = entry && builder.addPlan(entry);
  const exitPlan = exit && builder.addPlan(exit);
  const captures = [entry?.shape, exit?.shape].filter((shape) => shape !== undefined);
  for (const shape of captures) collectInterfaces(shape, builder.interfaces);
  for (const { type } of [...(assignment?.parameters ?? []), ...(assignment?.results ?? [])]) {
    collectNamedTypes(type, builder.namedTypes);
  }
  const probe = builder.addProbe({
    description: {
      kind: 'function',
      functionName: fn.name,
      source: binary.sourceLine(fn.entryVaddr),
      errorResult: signature.value && errorResult(signature.value),
      scopeName: 'sidespan/function',
    },
    flags: entryPlan === undefined ? 0 : probeFlag.sendArguments,
    arguments: entry?.shape,
    results: exit?.shape,
    signatureUnavailable: signature.unavailable,
  });
  builder.addEntry(fn, sites.value, siteAction.enter, probe, entryPlan);
  builder.addExits(fn, sites.value, siteAction.leave, probe, exitPlan);
  return undefined;
}

/** A generic function's dictionary takes a register but is no parameter of the source. */
function isShown({ name }: AssignedValue): boolean {
  return name !== '.dict';
}

/** Types of a package, also behind pointers, slices and fields. */
function collectNamedTypes(type: GoType, names: Set<string>, depth = 0): void {
  if (depth > maxTypeDepth || names.size >= maxNamedTypes || names.has(type.name)) return;
  const isNamed =
    type.kind !== 'pointer' && /^[^[\]*{( ]+\.[^ ]+$/.test(type.name) && !type.name.startsWith('go.shape.');
  if (isNamed && type.kind !== 'interface') names.add(type.name);
  if (type.elem !== undefined) collectNamedTypes(type.elem, names, depth + 1);
  for (const field of type.fields ?? []) collectNamedTypes(field.type, names, depth + 1);
}

function errorResult({ results }: GoSignature): number | undefined {
  const index = results.findLastIndex(({ type }) => type.name === 'error');
  return index < 0 ? undefined : index;
}

/** Names of the interface types whose dynamic values the capture reads. */
export function collectInterfaces(capture: CaptureShape, names: Set<string>): void {
  for (const { shape } of capture.values) collect(shape, names);
}

function collect(shape: Shape, names: Set<string>): void {
  switch (shape.kind) {
    case 'interface':
      names.add(shape.goType);
      break;
    case 'struct':
      for (const field of shape.fields) collect(field.shape, names);
      break;
    case 'array':
    case 'slice':
      collect(shape.item, names);
      break;
    case 'pointer':
    case 'context':
      collect(shape.target, names);
      break;
  }
}
