import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { traceJson } from '../support/trace-json.ts';
import { valueLine } from '../support/value-lines.ts';

/** The calls of test/targets/generics in the order of their ends: arguments, then results. */
const expected = [
  'key STRING main.ID = "i-1", value INT int = 7 -> STRING main.ID = "i-1"',
  'key STRING main.Name = "n-1", value INT int = 8 -> STRING main.Name = "n-1"',
  'key STRING string = "s-1", value INT main.Cents = 9 -> STRING string = "s-1"',
  'items []STRING []main.ID = ["a"] cap 1, first STRING main.ID = "b" -> INT int = 1',
  'items []STRING []main.Name = ["a", "c"] cap 2, first STRING main.Name = "d" -> INT int = 2',
  'to PTR *main.Order = {N INT int = 1}, number INT int = 1 -> PTR *main.Order = {N INT int = 1}',
  'to PTR *main.Parcel = {N INT int = 2}, number INT int = 2 -> PTR *main.Parcel = {N INT int = 2}',
  'l PTR *main.List[main.ID] = {items []STRING []main.ID = null}, item STRING main.ID = "x" -> INT int = 1',
  'l PTR *main.List[main.Name] = {items []STRING []main.Name = null}, item STRING main.Name = "y" -> INT int = 1',
  'p STRUCT main.Pair[main.ID,main.Cents] = {First STRING main.ID = "p"; Second INT main.Cents = 3}, by INT main.Cents = 4' +
    ' -> STRUCT main.Pair[main.Cents,main.ID] = {First INT main.Cents = 3; Second STRING main.ID = "p"}',
  'p STRUCT main.Pair[main.Name,int64] = {First STRING main.Name = "q"; Second INT int64 = 5}, by INT int64 = 6' +
    ' -> STRUCT main.Pair[int64,main.Name] = {First INT int64 = 5; Second STRING main.Name = "q"}',
  'items []STRING []main.ID = ["o"] cap 1, item STRING main.ID = "o" -> INT int = 1',
  'item STRING main.ID = "o" -> INT int = 1',
  'items []STRING []main.Name = ["p"] cap 1, item STRING main.Name = "p" -> INT int = 1',
  'item STRING main.Name = "p" -> INT int = 1',
  'number INT int = 1 -> made STRING main.ID = ""',
  'number INT int = 2 -> made STRING main.Name = ""',
  's PTR *main.Store[main.Name,main.Cents] = {values MAP map[main.Name]main.Cents = []}, key STRING main.Name = "k", value INT main.Cents = 5' +
    ' -> BOOL bool = false',
  'items []STRING []main.Password ! redacted, first STRING main.Password ! redacted -> INT int = 1',
];

const builds = [
  { go: '1.18' },
  { go: '1.19' },
  { go: '1.20' },
  { go: '1.21' },
  { go: '1.26', buildmode: 'pie' },
  { go: '1.27' },
] as const;

for (const build of builds) {
  test(`generic code names its types by the call's dictionary, ${JSON.stringify(build)}`, async () => {
    const { calls, stderr } = traceJson(['main.*'], [await goTarget('generics', build)]);
    const lines = calls
      .filter(({ funcName }) => funcName !== 'main.main')
      .map(({ args, results }) => `${args.map(valueLine).join(', ')} -> ${results.map(valueLine).join(', ')}`);
    assert.deepEqual(lines, expected, stderr);
  });
}

/** Calls by function, without type arguments. */
const expectedCalls = {
  'main.Label': 3,
  'main.Count': 3,
  'main.Follow': 2,
  'main.(*List).Push': 2,
  'main.Pair.Swap': 2,
  'main.Inner': 2,
  'main.Outer': 2,
  'main.Apart': 2,
  'main.(*Store).Put': 1,
};

for (const go of ['1.18', '1.19', '1.20', '1.27']) {
  test(`stripped: all shapes of generic code are counted, written signatures fit, Go ${go}`, async () => {
    const patterns = ['main.(*List[...]).Push(item string) int', 'main.Label[...](key string, value int) string'];
    const { calls, stderr } = traceJson(
      [...patterns, 'main.*'],
      [await goTarget('generics', { go, ldflags: '-s -w' })],
    );
    const counts: Record<string, number> = {};
    const written: string[] = [];
    for (const { funcName, source, args, results } of calls) {
      const name = funcName.replace(/\[.*\]/, '');
      if (name !== 'main.main') counts[name] = (counts[name] ?? 0) + 1;
      if (source === 'signature') written.push([...args.slice(-1), ...results].map(valueLine).join(' -> '));
    }
    assert.deepEqual(counts, expectedCalls, stderr);
    assert.deepEqual(written, [
      'value INT int = 7 -> STRING string = "i-1"',
      'value INT int = 8 -> STRING string = "n-1"',
      'value INT int = 9 -> STRING string = "s-1"',
      'item STRING string = "x" -> INT int = 1',
      'item STRING string = "y" -> INT int = 1',
    ]);
  });
}

const declared = [
  'main.Label[K ~string, V any](key K, value V) K',
  'main.Count[T any](items []T, first T) int',
  'main.Follow[T any](to *T, number int) *T',
  'main.(*List[T any]).Push(item T) int',
  'main.(*Store[K ~string, V any]).Put(key K, value V) bool',
  'main.Outer[T any](item T) int',
  'main.Inner[T any](items []T, item T) int',
  'main.Apart[T any](number int) (made T)',
];

/** Nobody writes a receiver, and what it points to is in no stripped program. */
function withoutReceiver(line: string): string {
  return line.replace(/^\w+ (PTR \*main\.(?:List|Store)\[[^\]]*\]) = \{.*?\},/, '$1 = <address>,');
}

for (const go of ['1.22', '1.27']) {
  test(`stripped: signatures with type parameters, whose types the dictionary tells, Go ${go}`, async () => {
    const { calls, stderr } = traceJson(declared, [await goTarget('generics', { go, ldflags: '-s -w' })]);
    const lines = calls.map(({ args, results }) => {
      return `${args.map(valueLine).join(', ')} -> ${results.map(valueLine).join(', ')}`;
    });
    assert.deepEqual(
      lines.map((line) => line.replace(/"0x[0-9a-f]+",/, '<address>,')),
      expected.filter((line) => !line.startsWith('p ')).map(withoutReceiver),
      stderr,
    );
  });
}

test('stripped, before Go 1.22: type parameters are shown by their shapes, or not at all, which is said', async () => {
  const { calls, stderr } = traceJson(declared, [await goTarget('generics', { go: '1.21', ldflags: '-s -w' })]);
  assert.match(stderr, /shown by their shapes, go\.shape\.…: .* Go 1\.22 and later/);
  const [first] = calls;
  assert.deepEqual(first?.args.map(valueLine), ['key STRING go.shape.string = "i-1"', 'value INT go.shape.int = 7']);
  const older = traceJson(declared.slice(0, 1), [await goTarget('generics', { go: '1.20', ldflags: '-s -w' })]);
  assert.match(older.stderr, /main\.Label\[\.\.\.\] is not used: .*Go 1\.20 and older don't tell the shapes/);
  assert.ok(older.calls.length === 3 && older.calls.every(({ source }) => source !== 'signature'));
});
