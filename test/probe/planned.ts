import assert from 'node:assert/strict';
import type { GoBinary } from '../../src/binary/go-binary.ts';
import type { GoType } from '../../src/binary/go-type.ts';
import { ChunkReader } from '../../src/event/chunk-reader.ts';
import { captureOf, decodeFields } from '../../src/event/decode-fields.ts';
import type { DecodeContext } from '../../src/event/decode-value.ts';
import { dynamicValueShape } from '../../src/event/dynamic-value.ts';
import type { Value } from '../../src/event/value.ts';
import { planLimits } from '../../src/probe/capture/capture-op.ts';
import { worstCaseSteps } from '../../src/probe/capture/capture-plan.ts';
import { fieldPath } from '../../src/probe/capture/field-path.ts';
import { formatPlan } from '../../src/probe/capture/format-plan.ts';
import { functionPattern } from '../../src/probe/pattern.ts';
import { planProbes } from '../../src/probe/plan-probes.ts';
import { allPresets } from '../../src/probe/preset/presets.ts';
import type { ProbePlan } from '../../src/probe/probe-plan.ts';
import { siteAction, siteFlag } from '../../src/probe/wire.ts';
import { runPlan } from './capture/capture-interpreter.ts';
import type { Target } from './capture/capture-target.ts';
import type { FakeMemory } from './capture/fake-memory.ts';

export function planOf(binary: GoBinary, patterns = '', maxFunctions?: number): ProbePlan {
  const found = planProbes(binary, {
    patterns: patterns.split(';').filter(Boolean).map(functionPattern),
    presets: allPresets,
    maxFunctions,
  });
  assert.equal(found.unavailable, undefined);
  return found.value as ProbePlan;
}

/** What must hold of every plan. */
export function checkPlan(plan: ProbePlan): void {
  for (const { ops } of plan.plans) {
    assert.ok(worstCaseSteps(ops) <= planLimits.planSteps, formatPlan(ops, plan.strings));
    assert.equal(ops.at(-1)?.op, 0);
  }
  for (const site of plan.sites) {
    assert.ok(site.plan === undefined || plan.plans[site.plan], 'plan of a site');
    assert.ok(site.probe === undefined || plan.probes[site.probe], 'probe of a site');
    assert.ok(plan.functionNames[site.function]);
    if (site.flags & siteFlag.stackCheck) assert.ok(site.emulated);
  }
  for (const type of plan.dynamicTypes) assert.ok(type.sizeBytes <= planLimits.imageBytes);
  for (const { fields } of plan.probes) {
    const sizes = fields?.map((capture) => capture.imageBytes) ?? [];
    assert.equal(new Set(sizes).size, sizes.length, 'captures of a probe must differ in size');
  }
  const places = plan.sites.map(({ vaddr, action, probe }) => `${vaddr} ${action} ${probe}`);
  assert.equal(new Set(places).size, places.length, 'two sites at one place');
}

/** A struct of the binary in fake memory, with those fields set: text, numbers, addresses. */
export function put(
  memory: FakeMemory,
  type: GoType | undefined,
  values: Record<string, string | number | bigint | readonly [bigint, bigint]>,
): bigint {
  assert.ok(type);
  const image = Buffer.alloc(type.sizeBytes);
  for (const [path, value] of Object.entries(values)) {
    const place = fieldPath(type, path);
    assert.equal(place.unavailable, undefined);
    assert.equal(place.value?.hops.length, 0, path);
    const at = place.value?.at ?? 0;
    if (typeof value === 'string') {
      image.writeBigUInt64LE(memory.allocate(Buffer.from(value)), at);
      image.writeBigUInt64LE(BigInt(Buffer.byteLength(value)), at + 8);
    } else if (typeof value === 'object') {
      image.writeBigUInt64LE(value[0], at);
      image.writeBigUInt64LE(value[1], at + 8);
    } else if (place.value?.type.sizeBytes === 4) image.writeUInt32LE(Number(value), at);
    else image.writeBigUInt64LE(BigInt(value), at);
  }
  return memory.allocate(image);
}

/** Lines of one that came several times are separate. */
export const headers: Record<string, string> = {
  'User-Agent': 'curl/8',
  Traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'a=b',
  'X-Forwarded-For': '10.1.1.1\n10.2.2.2',
};

export function targetOf(memory: FakeMemory, registers: Record<number, bigint>, rest: Partial<Target> = {}): Target {
  const all = Array.from({ length: 31 }, (_, i) => registers[i] ?? 0n);
  return {
    registers: all,
    sp: 0n,
    read: (address, sizeBytes) => memory.read(address, sizeBytes),
    header(map, key) {
      const lines = map === 0n ? [] : (headers[key]?.split('\n') ?? []);
      return lines.map((line) => ({ address: memory.allocate(Buffer.from(line)), length: BigInt(line.length) }));
    },
    ...rest,
  };
}

export function contextOf(plan: ProbePlan): DecodeContext {
  const shapes = plan.dynamicTypes.map(dynamicValueShape);
  return { dynamicType: (id) => shapes[id], typeName: () => undefined, functionName: () => undefined };
}

export function dynamicTypesOf(plan: ProbePlan) {
  return new Map(plan.dynamicTypes.map((type, id) => [type.typeVaddr, { ...type, id, ops: type.value.ops }]));
}

/** Runs the plan of the first site with that action and function, and reads the probe's fields. */
export function runSite(plan: ProbePlan, functionName: RegExp, target: Target, saved: readonly bigint[] = []) {
  const site = plan.sites.find((s) => functionName.test(plan.functionNames[s.function] ?? ''));
  assert.ok(site?.plan !== undefined, `no site at ${functionName}`);
  const run = runPlan(plan.plans[site.plan]?.ops ?? [], target, {
    strings: plan.strings,
    saved,
    dynamicTypes: dynamicTypesOf(plan),
  });
  assert.equal(run.limited, false);
  const probe = plan.probes[site.probe ?? 0];
  const reader = new ChunkReader(run.bytes).start(0, run.bytes.length);
  const capture = site.action === siteAction.finish ? captureOf(probe?.fields ?? [], reader) : probe?.entryFields;
  const fields = capture === undefined ? [] : decodeFields(capture, reader, contextOf(plan));
  const shown = ({ unavailable, value, lines }: Value) =>
    unavailable ?? (lines === undefined ? value : [value, ...lines]);
  const values = Object.fromEntries(fields.map((field) => [field.name, shown(field)]));
  return { run, values, remaining: reader.remaining };
}

export const amd64 = { ax: 0, cx: 1, bx: 3, di: 7 };
