import type { HrTime } from '@opentelemetry/api';
import type { Call } from '../event/call.ts';
import type { Value } from '../event/value.ts';
import { type InlinedPlace, inlinedText } from '../probe/probe.ts';
import type { PlannedProbe } from '../probe/probe-plan.ts';
import type { TypeSource } from '../probe/signature/type-source.ts';
import type { Style } from './style.ts';
import { valuesText } from './value-text.ts';

/** The function that was called, as far as lines of its calls show it. */
export interface CalledFunction {
  readonly name: string;
  /** What told the types of its arguments, if not the debug information. */
  readonly typeSource?: TypeSource | undefined;
  /** Where its code is; then only the call's beginning is known. */
  readonly inlined?: InlinedPlace | undefined;
  /** The same for each of them. */
  readonly typeSources?: PlannedProbe['typeSources'];
}

/** A call as `sidespan trace --json` prints it: one object a line. */
export function callJson(
  call: Call,
  { name, typeSource, typeSources, inlined }: CalledFunction,
  start: HrTime,
): string {
  if (inlined !== undefined) return inlinedJson(call, name, inlined, start);
  const source = typeSource ?? 'dwarf';
  return JSON.stringify({
    funcName: name,
    source,
    args: withSources(call.arguments, typeSources?.parameters, source),
    results: withSources(call.results, typeSources?.results, source),
    goid: call.goid,
    latency: call.durationNs,
    timestamp: isoTime(start),
    ...(call.end === 'returned' ? {} : { ended: call.end }),
    ...panicPart(call),
  });
}

/** What ended the call. */
function panicPart({ end, panics }: Call): object {
  const [panic] = end === 'panic' ? (panics ?? []) : [];
  if (panic === undefined) return {};
  const { name: _, ...value } = panic.value;
  return { panic: { ...value, stack: panic.stack } };
}

function inlinedJson(call: Call, funcName: string, { into, calledAt }: InlinedPlace, start: HrTime): string {
  return JSON.stringify({
    funcName,
    args: [],
    results: [],
    inlined: { into, file: calledAt?.file ?? null, line: calledAt?.line ?? null },
    unavailable: 'inlined: only that it is called can be seen, neither arguments nor results nor latency',
    goid: call.goid,
    timestamp: isoTime(start),
    ended: call.end,
  });
}

/** What told a value's type stands in it where that is not what told most of them. */
function withSources(
  values: readonly Value[],
  sources: readonly TypeSource[] | undefined,
  usual: TypeSource,
): readonly object[] {
  if (sources === undefined || sources.every((source) => source === usual)) return values;
  return values.map(({ name, ...value }, i) =>
    sources[i] === usual ? { name, ...value } : { name, source: sources[i], ...value },
  );
}

/** A call as a line for people: time, goroutine, function with arguments, results, duration. */
export function callText(call: Call, { name, inlined }: CalledFunction, start: HrTime, style: Style): string {
  const time = isoTime(start).slice(11, 26);
  const results = call.end === 'returned' ? ` ${resultsText(call)}` : ` ${style.red(call.end)}`;
  const depth = '  '.repeat(Math.min(call.frameIndex, 20));
  const begin = `${style.dim(time)} ${style.dim(`g${call.goid}`)} ${depth}${style.bold(name)}`;
  if (inlined !== undefined) return begin + style.dim(inlinedText('', inlined));
  const args = valuesText(call.arguments);
  return `${begin}(${args})${results} ${style.cyan(durationText(call.durationNs))}`;
}

function resultsText(call: Call): string {
  return call.results.length === 0 ? '' : `→ (${valuesText(call.results)})`;
}

/** With three significant digits and the unit that fits: `12.3µs`. */
export function durationText(durationNs: number): string {
  if (durationNs < 1e3) return `${durationNs}ns`;
  const units = [
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'µs'],
  ] as const;
  const [size, name] = units.find(([unit]) => durationNs >= unit) ?? [1, 'ns'];
  const amount = durationNs / size;
  return `${amount.toFixed(amount < 10 ? 2 : amount < 100 ? 1 : 0)}${name}`;
}

/** RFC 3339 with nanoseconds, UTC. */
function isoTime([seconds, nanoseconds]: HrTime): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(nanoseconds).padStart(9, '0')}Z`;
}
