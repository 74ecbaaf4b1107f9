import type { HrTime } from '@opentelemetry/api';
import type { Call } from '../event/call.ts';
import type { Style } from './style.ts';
import { valuesText } from './value-text.ts';

/** The function that was called, as far as lines of its calls show it. */
export interface CalledFunction {
  readonly name: string;
  /** Why its parameters and results are not known; absent: they are. */
  readonly signatureUnavailable?: string | undefined;
}

/** A call as `sidespan trace --json` prints it: one object a line. */
export function callJson(call: Call, { name, signatureUnavailable }: CalledFunction, start: HrTime): string {
  return JSON.stringify({
    funcName: name,
    // An empty list alone would say that it has none. The same name as in `sidespan functions --json`.
    ...(signatureUnavailable === undefined ? {} : { signatureUnavailable }),
    args: call.arguments,
    results: call.results,
    goid: call.goid,
    latency: call.durationNs,
    timestamp: isoTime(start),
    ...(call.end === 'returned' ? {} : { ended: call.end }),
  });
}

/** A call as a line for people: time, goroutine, function with arguments, results, duration. */
export function callText(
  call: Call,
  { name, signatureUnavailable }: CalledFunction,
  start: HrTime,
  style: Style,
): string {
  const time = isoTime(start).slice(11, 26);
  const results = call.end === 'returned' ? ` ${resultsText(call)}` : ` ${style.red(call.end)}`;
  const depth = '  '.repeat(Math.min(call.frameIndex, 20));
  const args = signatureUnavailable === undefined ? valuesText(call.arguments) : '?';
  return `${style.dim(time)} ${style.dim(`g${call.goid}`)} ${depth}${style.bold(name)}(${args})${results} ${style.cyan(durationText(call.durationNs))}`;
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
