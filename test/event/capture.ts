import assert from 'node:assert/strict';
import type { GoType } from '../../src/binary/go-type.ts';
import { ChunkReader } from '../../src/event/chunk-reader.ts';
import { type DecodeContext, decodeValues } from '../../src/event/decode-value.ts';
import type { Value } from '../../src/event/value.ts';
import { planLimits } from '../../src/probe/capture/capture-op.ts';
import { stringTable, worstCaseSteps } from '../../src/probe/capture/capture-plan.ts';
import { formatPlan } from '../../src/probe/capture/format-plan.ts';
import { defaultCaptureLimits } from '../../src/probe/capture/shape-context.ts';
import { planValues } from '../../src/probe/capture/value-plan.ts';
import { assignRegisters } from '../../src/probe/code/register-assignment.ts';
import { runPlan } from '../probe/capture/capture-interpreter.ts';
import type { DynamicTypeEntry } from '../probe/capture/capture-target.ts';
import { FakeMemory, type GoValue } from '../probe/capture/fake-memory.ts';

/** A reader that knows one function and no type. */
export const noNames: DecodeContext = {
  dynamicType: () => undefined,
  typeName: () => undefined,
  functionName: (pc) => (pc === 0x401000 ? 'main.handler' : undefined),
};

/** Plans, runs and decodes the call f(values…). */
export function capture(
  parameters: readonly GoType[],
  values: readonly GoValue[],
  {
    limits = defaultCaptureLimits,
    context = noNames,
    dynamicTypes = new Map<number, DynamicTypeEntry>(),
    unmap = false,
  } = {},
): { values: Value[]; plan: string } {
  const strings = stringTable();
  const signature = { parameters: parameters.map((type, i) => ({ name: `p${i}`, type })), results: [] };
  const { parameters: assigned } = assignRegisters(signature, 'amd64');
  const { ops, shape } = planValues(assigned, limits, strings);
  assert.ok(worstCaseSteps(ops) <= planLimits.planSteps, `${worstCaseSteps(ops)} steps`);
  const memory = new FakeMemory();
  const call = memory.call(assigned, values);
  const target = unmap ? { ...call, read: () => undefined } : call;
  const run =
    ops.length === 0
      ? { bytes: new Uint8Array() }
      : runPlan(ops, target, { strings: strings.strings, dynamicTypes, captureBytes: limits.captureBytes });
  const reader = new ChunkReader(run.bytes).start(0, run.bytes.length);
  const decoded = decodeValues(shape, reader, context);
  assert.equal(reader.lost, undefined, formatPlan(ops));
  assert.equal(reader.remaining, 0, `chunks left over\n${formatPlan(ops)}`);
  return { values: decoded, plan: formatPlan(ops) };
}

/** Of each value its content, or its reason as an object. */
export function contents(values: readonly Value[]): unknown[] {
  return values.map((value) => (value.unavailable === undefined ? value.value : { unavailable: value.unavailable }));
}
