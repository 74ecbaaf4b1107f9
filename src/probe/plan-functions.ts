import type { GoFunction } from '../binary/go-binary.ts';
import type { GoSignature, GoType } from '../binary/go-type.ts';
import { type CaptureOp, op } from './capture/capture-op.ts';
import { contextOfParameters } from './capture/context-place.ts';
import { bodyOps, floatParts, withFloats } from './capture/float-plan.ts';
import type { CaptureShape, LabelShape, Shape } from './capture/shape.ts';
import type { CaptureLimits } from './capture/shape-context.ts';
import { planValues } from './capture/value-plan.ts';
import type { FloatSite } from './code/float-sites.ts';
import type { AssignedValue } from './code/register-assignment.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { functionTypes } from './signature/function-types.ts';
import type { SignatureSyntax } from './signature/type-syntax.ts';
import { probeFlag, siteAction } from './wire.ts';

const shapesOnly =
  'Types of type parameters are shown by their shapes, go.shape.…: without debug information only dictionaries of Go 1.22 and later tell the real ones.';

const maxTypeDepth = 4;
const maxNamedTypes = 500;

/**
 * Adds probe, sites and plans of a traced function; returns the reason if it can't be traced.
 * @param written the signature that the user gave
 */
export function planFunction(
  builder: PlanBuilder,
  fn: GoFunction,
  limits: CaptureLimits,
  written?: SignatureSyntax | undefined,
): string | undefined {
  const { binary } = builder;
  // Which of two calls that begin at one instruction encloses the other is up to the kernel, so they could not be paired.
  const preset = builder.presetFunctions.get(fn.entryVaddr);
  if (preset !== undefined) return `its calls are traced already, by the preset ${preset}`;
  const sites = builder.finder.find(fn);
  if (sites.unavailable !== undefined) return sites.unavailable;
  const types = functionTypes(binary, fn, sites.value, written);
  const { parameters, results, dictionary, signature } = types;
  if (types.problem !== undefined) {
    builder.notes.push(`The signature written for ${fn.name} is not used: ${types.problem}.`);
  }
  const isShapeOnly =
    types.source === 'signature' &&
    dictionary === undefined &&
    [...parameters, ...results].some(({ type }) => type.name.includes('go.shape.'));
  if (isShapeOnly && !builder.notes.includes(shapesOnly)) builder.notes.push(shapesOnly);
  const floats = builder.finder.findFloats(fn, sites.value, floatParts(parameters), floatParts(results));
  const entry = planValues(parameters, limits, builder.strings, builder.facts, partsOf(floats.bodies), dictionary);
  const exit = planValues(results, limits, builder.strings, builder.facts, partsOf(floats.exits.values()));
  const entryPlan = builder.addPlan(entry);
  const exitPlan = builder.addPlan(exit);
  for (const { shape } of [entry, exit]) collectInterfaces(shape, builder.interfaces);
  for (const { type } of [...parameters, ...results]) collectNamedTypes(type, builder.namedTypes);
  // What sites within the function read is added to arguments that came before.
  const argumentsFlag = floats.bodies.length > 0 ? probeFlag.sendArguments : probeFlag.keepArguments;
  const errorIndex = signature.value && errorResult(signature.value);
  const error = errorIndex === undefined ? undefined : results[errorIndex];
  const probe = builder.addProbe({
    description: {
      kind: 'function',
      functionName: fn.name,
      source: builder.sourceLine(fn.entryVaddr),
      errorResult: errorIndex,
      typeSource: types.source === 'dwarf' ? undefined : types.source,
      scopeName: 'sidespan/function',
    },
    flags:
      (entryPlan === undefined ? 0 : argumentsFlag) |
      (entryPlan === undefined && exitPlan === undefined ? 0 : probeFlag.limited),
    context: contextOfParameters(parameters),
    arguments: entry.shape,
    results: exit.shape,
    labels: error && [errorLabel],
    failure: error && { text: true },
    signatureUnavailable: signature.unavailable,
    typeSources: { parameters: parameters.map(({ source }) => source), results: results.map(({ source }) => source) },
  });
  builder.addEntry(fn, sites.value, siteAction.enter, probe, entryPlan);
  for (const site of floats.bodies) {
    const ops = entry.shape.floats && bodyOps(entry.shape.floats, site);
    if (ops !== undefined) builder.addBody(fn, { ...site, plan: builder.addOps(ops) }, probe);
  }
  const labelPlan = (frameBytes: number) => {
    const ops = error && errorLabelOps(error, frameBytes);
    return ops && builder.addOps(ops);
  };
  const exitsWithFloats = new Map(
    [...floats.exits].flatMap(([offset, site]) => {
      const ops = exit.shape.floats && withFloats(exit.ops, exit.shape.floats, site);
      if (ops === undefined) return [];
      const { offset: at, frameBytes, emulated } = site;
      const plan = builder.addOps(ops);
      return [[offset, { offset: at, frameBytes, emulated, plan, labelPlan: labelPlan(frameBytes) }]];
    }),
  );
  builder.addExits(fn, sites.value, siteAction.leave, probe, exitPlan, {
    inFrame: exitsWithFloats,
    labelPlan: labelPlan(0),
  });
  return undefined;
}

/** The dynamic type of the `error` that a call returned. */
const errorLabel: LabelShape = {
  kind: 'label',
  type: 'INTERFACE',
  goType: 'error',
  name: 'error',
  at: 0,
  label: 'type',
  size: 0,
  place: 0,
};

/** Its plan at a RET; undefined where its first word can't be had. */
function errorLabelOps({ pieces }: AssignedValue, frameBytes: number): CaptureOp[] | undefined {
  const first = pieces.find(({ at }) => at === 0);
  if (first === undefined || 'floatRegister' in first) return undefined;
  const fill = 'register' in first ? op.register(first.register, 0, 8) : op.stack(0, 8, first.stackOffset + frameBytes);
  return [op.image(8), fill, op.label(errorLabel.label, 0, 0, errorLabel.place), op.end()];
}

/** Parts that one of the sites at least can read. */
function partsOf(sites: Iterable<FloatSite>): Set<number> {
  return new Set([...sites].flatMap(({ places }) => [...places.keys()]));
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
    case 'entries':
      collect(shape.keyShape, names);
      collect(shape.valueShape, names);
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
