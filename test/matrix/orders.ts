/** What test/targets/plain does for each order, and whether spans of its functions say the same. */
import type { SinkSpan } from '../support/otlp-sink.ts';

/** Requests that a cell sends: /order?n=0 … */
export const orderCount = 60;

/** The functions that are traced, and the program counts. */
export const orderFunctions = ['main.Integers', 'main.Texts', 'main.(*Shop).Charge', 'main.Many', 'main.Grow'] as const;

interface OrderCall {
  /** Arguments and results, as span attributes without their prefix. */
  readonly values: Readonly<Record<string, string | number | boolean>>;
  /** Arguments that are numbers, by position: what is told of them where their names and types are not known. */
  readonly words: Readonly<Record<number, number>>;
}

/** What each call of each function is passed and returns. */
function expectedCalls(): Map<string, OrderCall[]> {
  const calls = new Map<string, OrderCall[]>(orderFunctions.map((name) => [name, []]));
  const add = (name: (typeof orderFunctions)[number], call: OrderCall) => calls.get(name)!.push(call);
  for (let n = 0; n < orderCount; n++) {
    const total = n % 2 === 0 ? 2 * n : 3 * n;
    const label = `order-${n}/5`;
    const declined = n % 10 === 0;
    const even = n % 2 === 0;
    add('main.Integers', {
      values: { 'argument.a': n, 'argument.b': n, 'argument.c': n, 'argument.even': even, 'result.0': total },
      words: { 0: n, 1: n, 2: n, 3: Number(even) },
    });
    add('main.Texts', {
      values: { 'argument.name': `order-${n}`, 'argument.words': '["a","b"]', 'result.0': label },
      words: {},
    });
    add('main.(*Shop).Charge', {
      values: {
        'argument.s': '{"Name":"corner"}',
        'argument.o': JSON.stringify({ ID: n, Customer: label }),
        'argument.cents': total,
        'argument.currency': 'EUR',
        'result.0': declined ? '' : `corner-${label}-${total}EUR`,
        'result.1': declined ? 'declined' : 'null',
      },
      words: { 2: total },
    });
    if (declined) continue;
    add('main.Many', {
      values: { 'argument.a': n, 'argument.j': 10, 'argument.last': 'eleven', 'result.0': n + 60 },
      words: { 0: n, 9: 10 },
    });
    for (let depth = n % 64; depth >= 0; depth--) {
      add('main.Grow', { values: { 'argument.depth': depth }, words: { 0: depth } });
    }
  }
  return calls;
}

/**
 * `read`: all are right. `partly`: none is wrong, some are not there. `words`: names and types are not known, the words of
 * numbers are right. `none`: nothing is told. From the best to the worst.
 */
export const valueVerdicts = ['read', 'partly', 'words', 'none', 'wrong'] as const;
export type ValueVerdict = (typeof valueVerdicts)[number];

/**
 * Whether the spans' arguments and results are those of the calls, whatever their order.
 * @returns with it the first value that is wrong or missing.
 */
export function judgeValues(spans: readonly SinkSpan[]): { verdict: ValueVerdict; example: string } {
  const values = judge(
    spans,
    ({ values: named }) => named,
    (value) => JSON.stringify(value),
  );
  if (values.right > 0 || values.wrong > 0) {
    const verdict = values.wrong > 0 ? 'wrong' : values.missing > 0 ? 'partly' : 'read';
    return { verdict, example: values.example };
  }
  const words = judge(
    spans,
    (call) => Object.fromEntries(Object.entries(call.words).map(([index, word]) => [`argument.${index}`, word])),
    (word) => (word === undefined ? undefined : String(Number(word))),
  );
  const verdict = words.wrong > 0 ? 'wrong' : words.right > 0 && words.missing === 0 ? 'words' : 'none';
  return { verdict, example: words.wrong > 0 ? words.example : values.example };
}

/** Compares attribute by attribute, over all calls of a function. */
function judge(
  spans: readonly SinkSpan[],
  wanted: (call: OrderCall) => Readonly<Record<string, unknown>>,
  text: (value: unknown) => string | undefined,
) {
  const sum = { right: 0, missing: 0, wrong: 0, example: '' };
  for (const [name, calls] of expectedCalls()) {
    const own = spans.filter(({ attributes }) => attributes['code.function.name'] === name);
    for (const key of Object.keys(wanted(calls[0]!))) {
      const expected = calls.map((call) => text(wanted(call)[key])).sort();
      const found = own.map(({ attributes }) => text(attributes[`sidespan.${key}`])).sort();
      const odd = found.findIndex((value, index) => value !== expected[index]);
      if (odd === -1 && found.length === expected.length) sum.right++;
      else if (found.every((value) => value === undefined)) {
        sum.missing++;
        sum.example ||= `${name} ${key}: ${own[0]?.attributes[`sidespan.${key}.unavailable`] ?? 'not there'}`;
      } else {
        sum.wrong++;
        sum.example = `${name} ${key}: ${found[odd]} in place of ${expected[odd]}`;
      }
    }
  }
  return sum;
}
