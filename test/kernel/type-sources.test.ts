import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { goSyntax } from '../../src/commands/go-syntax.ts';
import type { Value } from '../../src/event/value.ts';
import { goTarget } from '../support/go-target.ts';
import { type TracedCall, traceJson } from '../support/trace-json.ts';
import { valueLine, withoutField } from '../support/value-lines.ts';
import { expectedSignatures } from './expected-signatures.ts';
import { expectedValues } from './expected-values.ts';

const expectedCalls = [...expectedValues, ...expectedSignatures];
const functions = [...new Set(expectedCalls.map(({ name }) => name))];
/** The pause keeps the program alive until its calls are read: names of functions need its memory map. */
const once = ['-rounds', '1', '-every', '300ms', '-now'];

function line(value: Value): string {
  return valueLine(withoutField(value, 'Next')).replace(/^(PTR unsafe\.Pointer =) "0x[0-9a-f]+"$/, '$1 <address>');
}

/** Patterns with the signatures that the twin's debug information has. Nobody can write the types of shapes. */
async function writtenSignatures(go: string): Promise<Map<string, string>> {
  using binary = openGoBinary(await goTarget('values', { go }));
  const written = new Map<string, string>();
  for (const name of functions) {
    const fn = binary.functionsNamed(name)[0];
    const signature = fn && binary.signature(fn).value;
    if (signature === undefined || name.includes('[')) continue;
    const text = goSyntax(name, signature).replace(/^func (\([^)]*\) )?/, '');
    written.set(name, name + text.slice(text.indexOf('(')));
  }
  return written;
}

for (const go of ['1.22', '1.26']) {
  test(`stripped, signatures by the user: the values are as with debug information, Go ${go}`, async () => {
    const written = await writtenSignatures(go);
    assert.ok(written.size > 25, [...written.values()].join('\n'));
    const executable = await goTarget('values', { go, ldflags: '-s -w' });
    const { calls, stderr } = await traceJson([...written.values()], [executable, ...once]);
    const expected = expectedCalls.filter(({ name }) => written.has(name));
    assert.deepEqual(
      calls.map(({ funcName }) => funcName),
      expected.map(({ name }) => name),
      stderr,
    );
    for (const [index, { name, args, results }] of expected.entries()) {
      const call = calls[index] as TracedCall;
      const isMethod = /\)\.By|Point\.By/.test(name);
      // A receiver's name is not written.
      const unnamed = args.map((text, i) => (isMethod && i === 0 ? text.replace(/^\w+ /, '') : text));
      assert.deepEqual(
        { args: call.args.map(line), results: call.results.map(line) },
        { args: unnamed, results },
        name,
      );
      assert.equal(call.source, 'signature', name);
    }
    assert.doesNotMatch(stderr, /not used|Arguments of/);
  });

  test(`stripped, nothing written: words of their sizes, else registers, Go ${go}`, async () => {
    const executable = await goTarget('values', { go, ldflags: '-s -w' });
    const { calls, stderr } = await traceJson([...functions, 'main.(*CodedError).Error'], [executable, ...once]);
    const seen = (wanted: string) => calls.find(({ funcName }) => funcName === wanted) ?? assert.fail(wanted);
    const shown = (wanted: string) => [seen(wanted).source, ...seen(wanted).args.map(line)];
    const word = (value: number | bigint, bytes = 8) =>
      `"0x${BigInt.asUintN(64, BigInt(value))
        .toString(16)
        .padStart(bytes * 2, '0')}"`;

    // Strings and the named integers of 8, 8 and 1 bytes.
    const [source, duration, cents, color, label] = shown('main.takesNamed');
    assert.deepEqual(
      [source, duration, cents, color],
      ['arginfo', `WORD word64 = ${word(3_000_000_000)}`, `WORD word64 = ${word(1999)}`, `WORD word8 = ${word(1, 1)}`],
    );
    assert.match(
      label ?? '',
      /^WORDS \{word64 word64\} = \{WORD word64 = "0x[0-9a-f]{16}"; WORD word64 = "0x0{15}6"\}$/,
    );
    // More than ten parts are not recorded.
    const many = seen('main.takesManyStrings').args;
    assert.deepEqual(
      many.map(({ type }) => type),
      ['WORDS', 'WORDS', 'WORDS', 'WORDS', 'WORDS', 'WORD'],
    );
    assert.match(many.at(-1)?.unavailable ?? '', /recorded ten parts/);
    // No stack check that tells integers from floats: the registers, as many as there are parts.
    assert.deepEqual(shown('main.divide'), ['registers', `AX WORD word64 = ${word(7)}`, `BX WORD word64 = ${word(2)}`]);
    assert.deepEqual(seen('main.divide').results.slice(0, 2).map(line), [
      `AX WORD word64 = ${word(3)}`,
      `BX WORD word64 = ${word(0)}`,
    ]);
    // The symbol's name tells the receiver, if not the rest.
    assert.match(
      shown('main.(*Order).ByPointer')[1] ?? '',
      /^PTR \*main\.Order = \{ID UINT uint64 = "9007199254740993"/,
    );
    assert.equal((seen('main.(*Order).ByPointer').args[0] as { source?: string }).source, 'runtime');
    // The dictionary is no argument.
    assert.deepEqual(shown('main.Generic[go.shape.int64]').slice(0, 2), ['arginfo', `WORD word64 = ${word(64)}`]);
    assert.match(
      stderr,
      /Arguments of \d+ functions as words .*, arguments of \d+ functions as the registers .*: .*debug information/i,
    );
    assert.match(stderr, /Write a function's signature in its pattern: 'main\.\w+\(n int, s string\) error'/);
  });
}

test('stripped: a method by the descriptor of its receiver, which reflection uses', async () => {
  const executable = await goTarget('values', { go: '1.26', ldflags: '-s -w' });
  const { calls } = await traceJson(['os.(*File).Write'], [executable, ...once]);
  const ready = calls.find(({ args }) => String(args[1]?.value).startsWith('ready ')) ?? assert.fail();
  const [file, text] = ready.args;
  assert.deepEqual([ready.source, file?.goType, text?.goType], ['runtime', '*os.File', '[]uint8']);
  assert.deepEqual(ready.results.map(line), [`INT int = ${String(text?.value).length}`, 'INTERFACE error = null']);
});

test('a signature that does not fit is said and not used', async () => {
  const executable = await goTarget('values', { go: '1.26', ldflags: '-s -w' });
  const wrong: readonly [pattern: string, message: RegExp][] = [
    [
      'main.takesNamed(d time.Duration, c float64, color main.Color, l string)',
      /takesNamed is not used: .*its code takes AX:8 BX:8 CX:1/,
    ],
    [
      'main.takesBools(a, b bool)',
      /takesBools is not used: .*parts of 1, 1 bytes, but the compiler recorded 1, 1, 1 bytes/,
    ],
    [
      'main.takesStruct(p main.Pint)',
      /takesStruct is not used: the binary has no type main\.Pint\. Nearest: main\.Point/,
    ],
    ['main.validate(o *Order) error', /^$/],
  ];
  const { calls, stderr } = await traceJson(
    wrong.map(([pattern]) => pattern),
    [executable, ...once],
  );
  for (const [pattern, message] of wrong.slice(0, 3)) assert.match(stderr, message, pattern);
  assert.doesNotMatch(stderr, /validate is not used/);
  const sources = new Map(calls.map(({ funcName, source }) => [funcName, source]));
  assert.deepEqual([sources.get('main.takesNamed'), sources.get('main.validate')], ['arginfo', 'signature']);
});

test('debug information wins over what was written', async () => {
  const executable = await goTarget('values', { go: '1.26' });
  const patterns = ['main.divide(a int, b uint) (int, error)', 'main.find(who string) (*main.Customer, bool)'];
  const { calls, stderr } = await traceJson(patterns, [executable, ...once]);
  assert.match(stderr, /for main\.divide is not used: parameter 2 is int by its debug information, and not uint\./);
  assert.doesNotMatch(stderr, /main\.find/);
  for (const { source } of calls) assert.equal(source, 'dwarf');
});
