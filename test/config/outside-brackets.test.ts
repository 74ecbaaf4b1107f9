import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitOutsideBrackets } from '../../src/config/outside-brackets.ts';

test('patterns are separated by semicolons and newlines, but not within a signature', () => {
  const rows: readonly [text: string, parts: readonly string[]][] = [
    [' main.* ;\nnet/http.(*conn).serve\n\n;main.charge', ['main.*', 'net/http.(*conn).serve', 'main.charge']],
    ['main.f(o struct{A int; B string}) error;main.g', ['main.f(o struct{A int; B string}) error', 'main.g']],
    ['main.f(\n  a int,\n  b string,\n)\nmain.g', ['main.f(\n  a int,\n  b string,\n)', 'main.g']],
    ['main.Map[go.shape.struct { X int; Y int }];main.g', ['main.Map[go.shape.struct { X int; Y int }]', 'main.g']],
    ['main.f(a int;main.g', ['main.f(a int;main.g']],
    ['main.f);main.g', ['main.f)', 'main.g']],
    ['', []],
  ];
  for (const [text, parts] of rows) assert.deepEqual(splitOutsideBrackets(text), parts, text);
});
