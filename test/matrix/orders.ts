/** What test/targets/plain does for each order, and whether spans of its functions say the same. */
import type { SinkSpan } from '../support/otlp-sink.ts';

/** Requests that a cell sends: /order?n=0 … */
export const orderCount = 60;

/** The functions that are traced, and the program counts. */
export const orderFunctions = ['main.Integers', 'main.Texts', 'main.(*Shop).Charge', 'main.Many', 'main.Grow'] as const;

type Values = Readonly<Record<string, string | number | boolean>>;

/** By function, what each call is passed and returns, as span attributes without their prefix. */
function expectedCalls(): Map<string, Values[]> {
  const calls = new Map<string, Values[]>(orderFunctions.map((name) => [name, []]));
  const add = (name: (typeof orderFunctions)[number], values: Values) => calls.get(name)!.push(values);
  for (let n = 0; n < orderCount; n++) {
    const total = n % 2 === 0 ? 2 * n : 3 * n;
    const label = `order-${n}/5`;
    const declined = n % 10 === 0;
    add('main.Integers', {
      'argument.a': n,
      'argument.b': n,
      'argument.c': n,
      'argument.even': n % 2 === 0,
      'result.0': total,
    });
    add('main.Texts', { 'argument.name': `order-${n}`, 'argument.words': '["a","b"]', 'result.0': label });
    add('main.(*Shop).Charge', {
      'argument.s': '{"Name":"corner"}',
      'argument.o': JSON.stringify({ ID: n, Customer: label }),
      'argument.cents': total,
      'argument.currency': 'EUR',
      'result.0': declined ? '' : `corner-${label}-${total}EUR`,
      'result.1': declined ? 'declined' : 'null',
    });
    if (declined) continue;
    add('main.Many', { 'argument.a': n, 'argument.j': 10, 'argument.last': 'eleven', 'result.0': n + 60 });
    for (let depth = n % 64; depth >= 0; depth--) add('main.Grow', { 'argument.depth': depth });
  }
  return calls;
}

export interface ValueVerdict {
  /** `read`: all are right; `partly`: none is wrong, some are not there; `none`: no value at all. */
  readonly verdict: 'read' | 'partly' | 'none' | 'wrong';
  /** The first that is wrong or missing. */
  readonly example: string | undefined;
}

/** Whether the spans' arguments and results are those of the calls, whatever their order. */
export function judgeValues(spans: readonly SinkSpan[]): ValueVerdict {
  let [right, missing] = [0, 0];
  let example: string | undefined;
  for (const [name, calls] of expectedCalls()) {
    const own = spans.filter(({ attributes }) => attributes['code.function.name'] === name);
    for (const key of Object.keys(calls[0] ?? {})) {
      const wanted = calls.map((values) => JSON.stringify(values[key])).sort();
      const found = own.map(({ attributes }) => JSON.stringify(attributes[`sidespan.${key}`])).sort();
      if (JSON.stringify(wanted) === JSON.stringify(found)) right++;
      else if (found.every((text) => text === undefined)) {
        missing++;
        const reason = own[0]?.attributes[`sidespan.${key}.unavailable`];
        example ??= `${name} ${key}: ${reason ?? 'not there'}`;
      } else {
        const odd = found.findIndex((text, index) => text !== wanted[index]);
        return { verdict: 'wrong', example: `${name} ${key}: ${found[odd]} in place of ${wanted[odd]}` };
      }
    }
  }
  return { verdict: missing === 0 ? 'read' : right === 0 ? 'none' : 'partly', example };
}
