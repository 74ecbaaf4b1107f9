import type { GoBinary } from '../binary/go-binary.ts';
import type { GoType } from '../binary/go-type.ts';
import { op, planLimits } from './capture/capture-op.ts';
import { opsOf } from './capture/capture-plan.ts';
import { type DynamicPlan, dynamicPlan } from './capture/dynamic-type.ts';
import { type CaptureShape, type NamedShape, type Shape, shapeEnd } from './capture/shape.ts';
import type { CaptureLimits } from './capture/shape-context.ts';
import { shapeOfType } from './capture/shape-of-type.ts';
import type { TypeFacts } from './capture/type-facts.ts';
import { ownTypes } from './own-types.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { collectInterfaces } from './plan-functions.ts';
import { firstPath } from './preset/compile-preset.ts';
import type { PresetDynamicType } from './preset/preset.ts';
import { headerShape } from './preset/preset-leaf.ts';
import { wrappersOf } from './preset/wrappers.ts';

/** Dynamic types known to the kernel for one process: more is never seen in practice, each costs some ops. */
const maxDynamicTypes = 1500;

/** What an `any` mostly holds. */
const basicTypes = [
  ...['bool', 'string', 'error', 'int', 'int8', 'int16', 'int32', 'int64', 'uint', 'uint8', 'uint16', 'uint32'],
  ...['uint64', 'uintptr', 'float32', 'float64', 'complex64', 'complex128', 'interface {}', 'unsafe.Pointer'],
  ...['[]uint8', '[]string', '[]int', '[]int64', '[]float64', '[]bool', '[]error', '[]interface {}', '[][]uint8'],
  ...['*string', '*int', '*int64', '*bool', '*float64', '*error', '*interface {}', 'func()', 'func() error'],
  ...['map[string]string', 'map[string]int', 'map[string]bool', 'map[string]interface {}', 'map[string][]string'],
  ...['map[int]string', 'map[int]int', 'time.Duration', 'time.Time', '*time.Time', 'encoding/json.Number'],
  ...['encoding/json.RawMessage', 'net.IP', 'net/url.Values', 'net/http.Header', 'reflect.Value', 'struct {}'],
];

/** Interfaces of which only the dynamic type is shown: their values are plumbing. */
const typeOnly = new Set(['reflect.Type', 'database/sql/driver.Connector', 'database/sql/driver.Driver']);

/** Of an interface that all sorts of types implement, those whose content is understood. */
const understood: Readonly<Record<string, RegExp>> = { 'context.Context': /^\*?context\./ };

/** Interfaces that are looked into again where a dynamic value has them as fields. */
const followed = new Set(['error', 'any', 'interface {}', 'reflect.Value', 'net.Addr', 'context.Context']);

/**
 * Adds the dynamic types that the captures made so far may meet, and those that their values have in fields of the
 * commonest interfaces. Errors come first: they are shown by their message wherever they are met.
 */
export function planDynamicTypes(builder: PlanBuilder, limits: CaptureLimits): void {
  const known = new Set(builder.dynamicTypes.map(({ typeVaddr }) => typeVaddr));
  const done = new Set<string>();
  const nested = new Set<string>();
  const add: Add = (type, typeVaddr, isError) => {
    if (known.has(typeVaddr) || known.size >= maxDynamicTypes) return;
    known.add(typeVaddr);
    const direct = type.isDirect === true;
    const value = dynamicPlan(type, limits, builder.strings, builder.facts, direct);
    if (!direct && value.sizeBytes < type.sizeBytes) return;
    collectInterfaces({ imageBytes: 0, values: [{ name: '', shape: value.shape, onStack: false }] }, nested);
    addDynamicType(builder, value, typeVaddr, isError);
  };
  const addAll = (name: string) => {
    if (done.has(name) || typeOnly.has(name)) return;
    done.add(name);
    for (const { type, typeVaddr } of builder.binary.implementations(name)) {
      if (understood[name]?.test(type.name) !== false) add(type, typeVaddr, name === 'error');
    }
    if (isAny(name)) {
      addTypes(builder.binary, basicTypes, add);
      addTypes(
        builder.binary,
        [...builder.namedTypes].flatMap((type) => [type, `*${type}`]),
        add,
      );
    }
  };
  addTypes(builder.binary, builder.errorTypes, add, true);
  const wanted = [...builder.interfaces];
  if (wanted.some((name) => name === 'error' || isAny(name))) addAll('error');
  for (const name of wanted) addAll(name);
  const traced = functionsWithAny(builder);
  if (traced.length > 0) {
    for (const { type, typeVaddr } of ownTypes(builder.binary, traced)) add(type, typeVaddr, false);
  }
  // A Set's iteration meets what is added on the way.
  for (const name of nested) if (followed.has(name)) addAll(name);
}

type Add = (type: GoType, typeVaddr: number, isError: boolean) => void;

/** Whether every type may be behind it. */
function isAny(name: string): boolean {
  return name === 'any' || name === 'interface {}' || name === 'reflect.Value';
}

/** Names of the traced functions whose arguments or results may hold any type; presets know theirs. */
function functionsWithAny({ probes }: PlanBuilder): string[] {
  const hasAny = (capture: CaptureShape | undefined) => {
    const names = new Set<string>();
    if (capture !== undefined) collectInterfaces(capture, names);
    return [...names].some(isAny);
  };
  return probes
    .filter((probe) => probe.description.kind === 'function' && (hasAny(probe.arguments) || hasAny(probe.results)))
    .map(({ description }) => description.functionName);
}

function addTypes(binary: GoBinary, names: Iterable<string>, add: Add, areErrors = false): void {
  for (const name of names) {
    const typeVaddr = binary.runtimeTypeAddress(name);
    const type = typeVaddr === undefined ? undefined : binary.runtimeTypeAt(typeVaddr).value;
    if (type !== undefined && typeVaddr !== undefined) add(type, typeVaddr, areErrors);
  }
}

function addDynamicType(builder: PlanBuilder, value: DynamicPlan, typeVaddr: number, isError: boolean): void {
  const { ops, sizeBytes, direct } = value;
  const plan = builder.addOps(ops);
  builder.dynamicTypes.push({ typeVaddr, plan, sizeBytes, direct, isError, value });
}

/** A preset's own view of a dynamic type: a few fields by path. A type that the binary lacks is left out. */
export function addPresetDynamicType(builder: PlanBuilder, wanted: PresetDynamicType, limits: CaptureLimits): void {
  const { binary } = builder;
  if (wanted.method !== undefined && binary.functionsNamed(methodName(wanted.type, wanted.method)).length === 0) return;
  const typeVaddr = binary.runtimeTypeAddress(wanted.type);
  const type = binary.runtimeType(wanted.type);
  if (typeVaddr === undefined || type === undefined) return;
  addFields(builder, { type, typeVaddr }, wanted.fields, limits);
}

/** What values that pass on to another one of these interfaces pass on to. */
export function addWrappers(builder: PlanBuilder, interfaces: readonly string[], limits: CaptureLimits): void {
  for (const { type, typeVaddr, inner } of wrappersOf(builder.binary, interfaces)) {
    addFields(builder, { type, typeVaddr }, [{ name: 'wrapped', path: inner.name }], limits);
  }
}

function addFields(
  builder: PlanBuilder,
  { type, typeVaddr }: { readonly type: GoType; readonly typeVaddr: number },
  wanted: PresetDynamicType['fields'],
  limits: CaptureLimits,
): void {
  if (type.kind !== 'pointer' && type.kind !== 'struct') return;
  if (builder.dynamicTypes.some((known) => known.typeVaddr === typeVaddr)) return;
  const fields: NamedShape[] = [];
  for (const { name, path, header } of wanted) {
    const place = firstPath(type, path);
    if (place.value === undefined) return;
    // The first hop of a pointer is that from the interface's data word.
    const inner = type.kind === 'pointer' ? place.value.hops.slice(1) : place.value.hops;
    const leaf =
      header === undefined
        ? shapeOfType(place.value.type, place.value.at, plain(limits, builder.facts), () => {})
        : headerShape(header, place.value.at);
    fields.push({ name, shape: inner.reduceRight<Shape>((target, hop) => pointer(hop.at, hop.type, target), leaf) });
  }
  const target: Shape = { kind: 'struct', type: 'STRUCT', goType: type.elem?.name ?? type.name, at: 0, fields };
  const direct = type.isDirect === true;
  const shape = type.kind === 'pointer' ? pointer(0, type, target) : target;
  const sizeBytes = direct ? 8 : shapeEnd(shape);
  if (sizeBytes > planLimits.imageBytes) return;
  const ops = [...opsOf(shape, builder.strings), op.end()];
  addDynamicType(builder, { typeName: type.name, sizeBytes, direct, ops, shape }, typeVaddr, false);
}

function pointer(at: number, type: GoType, target: Shape): Shape {
  return { kind: 'pointer', type: 'PTR', goType: type.name, at, sizeBytes: shapeEnd(target), target };
}

function plain(limits: CaptureLimits, facts: TypeFacts) {
  const budget = { steps: 16, bytes: 512, nodes: 8, exceeded: false };
  return { limits, facts, budget, level: 0, nesting: 0, times: 1, imageEnd: Number.POSITIVE_INFINITY, later: () => {} };
}

/** What an interface's table calls, for values as well as for pointers: `net.(*OpError).Error`. */
function methodName(type: string, method: string): string {
  const name = type.replace(/^\*/, '');
  const dot = name.lastIndexOf('.');
  return `${name.slice(0, dot)}.(*${name.slice(dot + 1)}).${method}`;
}
