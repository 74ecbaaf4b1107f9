import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionPattern } from '../../../src/probe/pattern.ts';
import { parseShape } from '../../../src/probe/signature/parse-signature.ts';
import { SignatureError } from '../../../src/probe/signature/signature-error.ts';
import type { ParameterSyntax, TypeSyntax } from '../../../src/probe/signature/type-syntax.ts';
import fc from '../../support/fast-check.ts';

/** A type as Go source, from what was parsed. */
function typeText(type: TypeSyntax): string {
  switch (type.kind) {
    case 'name':
      return type.arguments.length === 0 ? type.name : `${type.name}[${type.arguments.map(typeText).join(',')}]`;
    case 'pointer':
      return `*${typeText(type.elem)}`;
    case 'slice':
      return `[]${typeText(type.elem)}`;
    case 'array':
      return `[${type.length}]${typeText(type.elem)}`;
    case 'map':
      return `map[${typeText(type.key)}]${typeText(type.elem)}`;
    case 'chan':
      return type.word + typeText(type.elem);
    case 'func':
      return `func(${listText(type.parameters)})${type.results.length > 0 ? `(${listText(type.results)})` : ''}`;
    case 'interface':
      return type.hasMethods ? 'interface{…}' : 'interface{}';
    case 'struct':
      return `struct{${type.fields.map((field) => (field.embedded ? `!${field.name}` : `${field.name} ${typeText(field.type)}`)).join('; ')}}`;
  }
}

function listText(list: readonly ParameterSyntax[]): string {
  return list.map(({ name, type }) => `${name} ${typeText(type)}`.trim()).join(', ');
}

test('signatures in the syntax of Go', () => {
  const rows: readonly [text: string, parameters: string, results: string][] = [
    ['main.f()', '', ''],
    ['main.f() error', '', 'error'],
    ['main.f(a int)', 'a int', ''],
    ['main.f(a, b int, c string) (n int, err error)', 'a int, b int, c string', 'n int, err error'],
    ['main.f(int, string) (int, error)', 'int, string', 'int, error'],
    ['main.f(Order, *Order)', 'Order, *Order', ''],
    ['main.f(_ int, _ string,)', '_ int, _ string', ''],
    ['main.f(name string, rest ...int)', 'name string, rest []int', ''],
    ['main.f(...any)', '[]any', ''],
    ['main.f(ctx context.Context, r *net/http.Request)', 'ctx context.Context, r *net/http.Request', ''],
    ['main.f(n gopkg.in/yaml.v3.Node, o github.com/a-b/c.D)', 'n gopkg.in/yaml.v3.Node, o github.com/a-b/c.D', ''],
    ['main.f(m map[string][]int, a [4]byte, x [0x]int)', '', 'ERROR'],
    ['main.f(m map[string][]int, a [4]byte)', 'm map[string][]int, a [4]byte', ''],
    ['main.f(c chan int, s chan<- int, r <-chan int)', 'c chan int, s chan<- int, r <-chan int', ''],
    ['main.f(c chan (<-chan int))', 'c chan <-chan int', ''],
    ['main.f(g func(int, string) (bool, error), h func())', 'g func(int, string)(bool, error), h func()', ''],
    ['main.f(p Pair[int, string], q *List[Order])', 'p Pair[int,string], q *List[Order]', ''],
    ['main.f(Pair[int], x)', 'Pair[int], x', ''],
    ['main.f(a []int, b [2]int)', 'a []int, b [2]int', ''],
    [
      'main.f(o struct{A, B int; C string `json:"c"`; Base; *pkg.Other})',
      'o struct{A int; B int; C string; !Base; !Other}',
      '',
    ],
    ['main.f(i interface{ M(int) error; N() }, j interface{}, k any)', 'i interface{…}, j interface{}, k any', ''],
    ['main.f(\n\tpreis ż.Typ, größe int,\n) (ok bool)', 'preis ż.Typ, größe int', 'ok bool'],
    ['main.(*Cart).Add(item main.Item) error', 'item main.Item', 'error'],
    ['main.(*List[...]).Push(v int)', 'v int', ''],
    ['main.handle*r(w http.ResponseWriter)', 'w http.ResponseWriter', ''],
    ['main.f(a unsafe.Pointer)', 'a unsafe.Pointer', ''],
  ];
  for (const [text, parameters, results] of rows) {
    if (results === 'ERROR') {
      assert.throws(() => functionPattern(text), SignatureError, text);
      continue;
    }
    const { signature } = functionPattern(text);
    assert.deepEqual([listText(signature!.parameters), listText(signature!.results)], [parameters, results], text);
  }
});

test("shapes of structs, whose fields' names are qualified", () => {
  const rows: readonly [text: string, type: string][] = [
    ['struct { main.id int64; Name string "json:\\"n\\"" }', 'struct{id int64; Name string}'],
    [
      'struct { a.b/gopkg%2ein.v2.x [2][]int; main.T; *main.P; main.Pair[int,string]; main._ uint8 }',
      'struct{x [2][]int; !T; !P; !Pair; _ uint8}',
    ],
    ['[3]struct { main.f0 interface { main.m() } }', '[3]struct{f0 interface{…}}'],
    ['*uint8', '*uint8'],
  ];
  for (const [text, type] of rows) assert.equal(typeText(parseShape(text)), type, text);
  for (const text of ['struct { main.f0 int', 'int int', 'main·1', '']) {
    assert.throws(() => parseShape(text), SignatureError, text);
  }
  assert.throws(() => functionPattern('main.f(s struct{main.id int})'), SignatureError);
});

test('names and globs have no signature', () => {
  for (const text of [
    'main.f',
    'main.(*Cart).Add',
    '*.(*Cart).*',
    '*(*Cart).Add',
    'main.Map[go.shape.func(int)]',
    'a.(T).M',
  ]) {
    assert.equal(functionPattern(text).signature, undefined, text);
    assert.equal(functionPattern(text).name, text);
  }
});

test('what can not be read: where, and what was expected', () => {
  const rows: readonly [text: string, at: number, what: RegExp][] = [
    ['main.f(', 7, /expected a type, found the end/],
    ['main.f(a int', 12, /expected `,` or `\)`, found the end/],
    ['main.f(a int b string)', 13, /expected `,` or `\)`, found `b`/],
    ['main.f(a int) error error', 20, /expected the end of the signature, found `error`/],
    ['main.f(a #int)', 9, /`#` has no place in a Go signature/],
    ['main.f(a, []int, b string)', 10, /either all parameters have a name or none/],
    ['main.f(a int, b)', 14, /expected a type behind the name `b`/],
    ['main.f(a ...int, b int)', 9, /only the last parameter can be variadic/],
    ['main.f() (a ...int)', 12, /a result can not be variadic/],
    ['main.f(m map[string)', 19, /expected `\]`, found `\)`/],
    ['main.f(a [x]int)', 12, /expected `,` or `\)`/],
    ['main.f(a [99999999999]int)', 10, /an array of at most/],
    ['main.f(s struct{a int, b int})', 21, /expected `;` or `}`/],
    ['main.f(type)', 7, /`type` is no type/],
    ['main.f(<-int)', 9, /expected `chan`, found `int`/],
    ['main.f(int))', 11, /expected the end/],
    [`main.f(${'*'.repeat(60)}int)`, 57, /nested at most 50 deep/],
    [`main.f(${'int,'.repeat(300)})`, 807, /at most 200 parameters/],
  ];
  for (const [text, at, what] of rows) {
    assert.throws(
      () => functionPattern(text),
      (error) => {
        assert.ok(error instanceof SignatureError, String(error));
        assert.match(error.what, what, text);
        assert.equal(error.at, at, `${text}: ${error.message}`);
        const [head, line, caret] = error.message.split('\n');
        assert.match(head ?? '', new RegExp(`column ${at + 1}: `));
        // Below the place that is meant.
        assert.equal(line?.[(caret ?? '').length - 1] ?? '', (text[at] ?? '').replace(/\s/, ' '), error.message);
        return true;
      },
    );
  }
});

test('whatever is written: a signature, or an error with a place in the text', () => {
  const piece = fc.constantFrom(
    ...'( ) [ ] { } , ; * ... <- chan map func struct interface a b int string pkg.T net/http.R 4 "x" . - # Pair'.split(
      ' ',
    ),
  );
  const text = fc.array(piece, { maxLength: 25 }).map((parts) => `main.f(${parts.join(' ')}`);
  fc.assert(
    fc.property(
      fc.oneof(
        text,
        fc.string().map((any) => `main.f(${any}`),
      ),
      (pattern) => {
        try {
          assert.ok(functionPattern(pattern).signature !== undefined || pattern.includes(').'));
        } catch (error) {
          assert.ok(error instanceof SignatureError, String(error));
          assert.ok(error.at >= 0 && error.at <= pattern.length);
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test('types survive a round through text', () => {
  const { type } = fc.letrec<{ type: string }>((tie) => ({
    type: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('int', 'string', 'error', 'pkg.T', 'net/http.Request'),
      tie('type').map((t) => `*${t}`),
      tie('type').map((t) => `[]${t}`),
      tie('type').map((t) => `[3]${t}`),
      fc.tuple(tie('type'), tie('type')).map(([k, v]) => `map[${k}]${v}`),
      tie('type').map((t) => `Pair[${t}]`),
      fc.tuple(tie('type'), tie('type')).map(([a, b]) => `func(${a})(${b})`),
      fc.tuple(tie('type'), tie('type')).map(([a, b]) => `struct{A ${a}; B ${b}}`),
    ),
  }));
  fc.assert(
    fc.property(type, (text) => {
      assert.equal(typeText(functionPattern(`main.f(x ${text})`).signature!.parameters[0]!.type), text);
    }),
    { numRuns: 1000 },
  );
});
