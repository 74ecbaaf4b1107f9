import type { GoFunction } from '../binary/go-binary.ts';
import type { CapturePlan } from './capture/capture-plan.ts';
import type { CaptureLimits } from './capture/shape-context.ts';
import { planValues } from './capture/value-plan.ts';
import { assignRegisters } from './code/register-assignment.ts';
import type { FunctionSites } from './code/site.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { collectInterfaces } from './plan-functions.ts';

/** runtime.gopanic(e any) */
const anyType = 'interface {}';

/** What the runtime itself panics with: as values of `any`, so that the linker knows of no `error` there. */
const runtimeErrors = [
  ...['runtime.boundsError', 'runtime.errorString', 'runtime.plainErrorString', 'runtime.errorAddressString'],
  ...['runtime.plainError', '*runtime.TypeAssertionError', '*runtime.PanicNilError'],
];

/** The capture of what is panicked with; undefined in a program that has no `any`. */
export function planPanicValue(
  builder: PlanBuilder,
  fn: GoFunction,
  { abi }: FunctionSites,
  limits: CaptureLimits,
): CapturePlan | undefined {
  const { binary } = builder;
  const type = panicArgument(builder) ?? binary.runtimeType(anyType);
  if (type === undefined) return undefined;
  const signature = { parameters: [{ name: fn.name, type }], results: [] };
  const { parameters } = assignRegisters(signature, binary.arch, abi);
  const plan = planValues(parameters, limits, builder.strings, builder.facts);
  collectInterfaces(plan.shape, builder.interfaces);
  for (const name of runtimeErrors) builder.errorTypes.add(name);
  return plan;
}

/** The type of runtime._panic.arg: to look for `interface {}` by its name takes an index of all types without one, 0.3 s of a large program. */
function panicArgument({ binary }: PlanBuilder) {
  return binary.runtimeType('runtime._panic')?.fields?.find(({ name }) => name === 'arg')?.type;
}
