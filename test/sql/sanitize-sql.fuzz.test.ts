import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sanitizeSql } from '../../src/sql/sanitize-sql.ts';
import fc from '../support/fast-check.ts';

const secret = 'S3CR3T';

/** What a valid text is made of; in all that is no name or parameter there is the secret. */
interface Writing {
  readonly system: string;
  readonly backslash: boolean;
  readonly quotes: readonly string[];
  readonly more: readonly string[];
}

const doubled = (text: string, quote: string) => text.replaceAll(quote, quote + quote);

function stringLiteral(text: string, quote: string, backslash: boolean, byBackslash: boolean): string {
  const escaped = backslash ? text.replaceAll('\\', '\\\\') : text;
  const inner = backslash && byBackslash ? escaped.replaceAll(quote, `\\${quote}`) : doubled(escaped, quote);
  return `${quote}${inner}${quote}`;
}

const postgres = {
  quotes: ["'"],
  more: [
    // A string on the next line would be part of it.
    `E'it\\'${secret}\\\\',`,
    `E'a'\n '\\'${secret}',`,
    `E'a' -- x'\n '\\'${secret}',`,
    `$$it's ${secret}$$`,
    `$t$ $$ ' ${secret} $t$`,
    `/* ' /* ' */ ${secret} */`,
    `-- it's ${secret}\r`,
    `-- it's ${secret}\n`,
    'a #> b',
    "U&'\\0061'",
    '"it\'s"',
    '"a""b"',
    '$1',
    'a$b$',
  ],
};
const mysql = {
  quotes: ["'", '"'],
  more: [
    `# it's ${secret}\n`,
    `-- it's \r ${secret}\n`,
    `/* it's /* ${secret} */`,
    '`it\'s "`',
    '5--3',
    '$x',
    '@a',
    `_utf8'${secret}'`,
  ],
};
const writings: readonly Writing[] = [
  { system: 'postgresql', backslash: false, ...postgres },
  { system: 'postgresql', backslash: true, ...postgres },
  { system: 'mysql', backslash: true, ...mysql },
  { system: 'mysql', backslash: false, ...mysql },
  {
    system: 'sqlite',
    backslash: false,
    quotes: ["'"],
    more: [
      `-- it's \r ${secret}\n`,
      `/* it's /* ${secret} */`,
      "[it's]",
      '`it\'s "`',
      `= "${secret}'"`,
      'from "t\'"',
      '?1',
      ':a',
    ],
  },
  {
    system: 'microsoft.sql_server',
    backslash: false,
    quotes: ["'", '"'],
    more: [`/* ' /* ' */ ${secret} */`, "[a]]'b]", `N'${secret}'`, '@p1', '#t'],
  },
];

const piece = (writing: Writing) =>
  fc.oneof(
    fc.constantFrom('SELECT', 'FROM', 't', ',', '(', ')', '.', 'a.b', '=', 'IN', '+', ';', '?', '12', 'TRUE', '::int'),
    fc.constantFrom(...writing.more),
    fc
      .tuple(
        fc.array(
          fc.constantFrom("'", '"', '\\', '\n', '--', '/*', '*/', '$$', '[', ']', '`', '#', 'x', ' ', '日', '1'),
        ),
        fc.constantFrom(...writing.quotes),
        fc.boolean(),
      )
      .map(([parts, quote, byBackslash]) =>
        stringLiteral(`${parts.join('')}${secret}`, quote, writing.backslash, byBackslash),
      ),
  );

const sqlBy = fc
  .constantFrom(...writings)
  .chain((writing) =>
    fc.tuple(
      fc.constant(writing.system),
      fc.array(fc.tuple(piece(writing), fc.constantFrom(' ', '\n', '\t ')), { maxLength: 12 }),
    ),
  )
  .map(([system, pieces]) => ({ system, sql: pieces.map((p) => p.join('')).join('') }));

/** More of them by hand: FUZZ_RUNS=100000. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 1500);

test('no literal survives: whole or cut, in its dialect by both server settings, in an unknown one', () => {
  fc.assert(
    fc.property(sqlBy, fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean(), ({ system, sql }, part, isKnown) => {
      const length = Math.ceil(part * sql.length);
      const results = [
        sanitizeSql(sql, isKnown ? system : undefined),
        sanitizeSql(sql.slice(0, length), isKnown ? system : undefined, length < sql.length),
      ];
      for (const result of results) {
        const shown = JSON.stringify(result);
        // The cut may have left the secret's beginning.
        assert.ok(!/S3|CR3T/.test(shown), `${system}: ${JSON.stringify(sql)} -> ${shown}`);
        assert.ok(!/12|TRUE/.test(shown), `${system}: ${JSON.stringify(sql)} -> ${shown}`);
      }
    }),
    { numRuns },
  );
});

test('any characters: an answer of bounded length', () => {
  const nasty = fc.array(
    fc.oneof(
      fc.constantFrom("'", '"', '\\', '$', '$$', '[', ']', '--', '/*', '*/', '#', '`', 'E', '\r', '\n', '\0'),
      fc.string({ unit: 'binary' }),
    ),
  );
  fc.assert(
    fc.property(
      nasty,
      fc.constantFrom('postgresql', 'mysql', 'sqlite', undefined),
      fc.boolean(),
      (parts, system, cut) => {
        const { text, summary } = sanitizeSql(parts.join(''), system, cut);
        assert.ok(text.length <= parts.join('').length * 2 + 1);
        assert.ok((summary ?? '').length <= 255);
      },
    ),
    { numRuns },
  );
});

test('long texts of anything are answered', () => {
  const size = (1 << 16) + 100;
  const units = [
    "'",
    '"',
    '\\',
    "\\'",
    '$',
    '$$',
    '$a',
    '$a$',
    '[',
    ']',
    '(',
    ')',
    '--',
    '--\r',
    '/*',
    '*/',
    '#',
    '`',
    "E'\\'\n",
    ',',
    '1',
    'a',
    '\u00a0',
    '.',
    ';',
    'in (1,',
    'select from a,',
    'with a as (',
    '? ',
  ];
  for (const system of ['postgresql', 'mysql', 'sqlite', 'microsoft.sql_server', undefined]) {
    for (const unit of units) {
      const { text } = sanitizeSql(unit.repeat(size / unit.length), system);
      assert.ok(text.endsWith('…'), unit);
    }
  }
});
