import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRedaction, usualRules } from '../../src/redaction/redaction.ts';
import fc from '../support/fast-check.ts';

const usual = createRedaction(usualRules)!;

/** In each the secret is spelled with `S3CR3T`. */
const secretTexts: readonly (readonly [text: string, shown: string])[] = [
  ['Bearer S3CR3Tabc.def-1', 'Bearer REDACTED'],
  ['authorization: Basic dXNlcjpS3CR3T=', 'authorization: REDACTED'],
  ['Authorization: Token S3CR3T', 'Authorization: REDACTED'],
  ['got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJS3CR3T.S3CR3T_-x, sorry', 'got REDACTED, sorry'],
  [
    '-----BEGIN RSA PRIVATE KEY-----\nS3CR3T\n-----END RSA PRIVATE KEY-----\nx',
    '-----BEGIN PRIVATE KEY----- REDACTED\nx',
  ],
  ['-----BEGIN PRIVATE KEY-----\nS3CR3T', '-----BEGIN PRIVATE KEY----- REDACTED'],
  ['dial postgres://shop:S3CR3T@db:5432/shop?sslmode=off', 'dial postgres://shop:REDACTED@db:5432/shop?sslmode=off'],
  ['redis://:S3CR3T@cache', 'redis://:REDACTED@cache'],
  ['/login?user=bob&token=S3CR3T&x=1', '/login?user=bob&token=REDACTED&x=1'],
  ['q=1&%74oken=S3CR3T', 'q=1&%74oken=REDACTED'],
  ['X-Amz-Signature=S3CR3T&x=1', 'X-Amz-Signature=REDACTED&x=1'],
  ['{"user":"bob","password":"S3CR3T\\"S3CR3T","n":1}', '{"user":"bob","password":"REDACTED","n":1}'],
  ['{"api_key": S3CR3T, "n": 1}', '{"api_key": REDACTED, "n": 1}'],
  ["{'client_secret': 'S3CR3T'}", "{'client_secret': 'REDACTED'}"],
  ['Cookie: id=S3CR3T; b=S3CR3T\r\nHost: x', 'Cookie: REDACTED\r\nHost: x'],
  ['host=db password=S3CR3T dbname=x', 'host=db password=REDACTED dbname=x'],
  ['password="S3CR3T S3CR3T" x', 'password="REDACTED" x'],
  ['url=a?sig=S3CR3T', 'url=a?sig=REDACTED'],
  ['a: b: secret: S3CR3T', 'a: b: secret: REDACTED'],
];

test('secrets in texts are replaced, and nothing else', () => {
  for (const [text, shown] of secretTexts) assert.equal(usual.text(text, false), shown);
  for (const text of [
    '',
    'plain',
    'GET /items?id=7&page=2',
    'https://example.com:8080/a',
    'a basic test',
    'time: 12:30',
    'localhost:4317',
    'basic auth',
    '{"user":"bob","size":3}',
    'rpc error: code = NotFound desc = no such item',
    'bearer of news',
  ]) {
    assert.equal(usual.text(text, false), text);
    assert.equal(usual.text(text, true), text);
  }
});

test('a secret that the capture cut is one all the same', () => {
  for (const [text] of secretTexts) {
    for (let end = 1; end <= text.length; end++) {
      const shown = usual.text(text.slice(0, end), true);
      // Of a token without a name its first characters alone say nothing.
      assert.doesNotMatch(shown, /S3CR3T/, `${text.slice(0, end)} -> ${shown}`);
    }
  }
});

test('names: the usual ones for what holds text, given ones for all', () => {
  for (const name of [
    'password',
    'Password',
    'dbPassword',
    'api_key',
    'X-Api-Key',
    'Authorization',
    'sessionID',
    'authToken',
    'clientSecret',
    'PrivateKey',
    'Set-Cookie',
  ]) {
    assert.equal(usual.hidesName(name, true), true, name);
    assert.equal(usual.hidesName(name, false), false, name);
  }
  for (const name of ['user', 'author', 'key', 'passenger', 'sessions', 'id', 'bypass', '']) {
    assert.equal(usual.hidesName(name, true), false, name);
  }
  const own = createRedaction({
    usual: false,
    names: ['pin', 'card*'],
    texts: [{ source: '\\b4\\d{15}\\b', flags: '' }],
  })!;
  assert.equal(own.hidesName('PIN', false), true);
  assert.equal(own.hidesName('card_number', false), true);
  assert.equal(own.hidesName('password', true), false);
  assert.equal(own.text('paid by 4111111111111111, pin=77', false), 'paid by REDACTED, pin=REDACTED');
  assert.equal(createRedaction({ usual: false, names: [], texts: [] }), undefined);
});

test('any text is handled, twice the same, in time', { timeout: 60_000 }, () => {
  const pieces = fc.constantFrom(
    'password',
    '=',
    ':',
    '"',
    "'",
    '\\',
    ' ',
    'eyJ',
    '.',
    '://',
    '@',
    'Bearer ',
    'a',
    '\n',
    '-----BEGIN PRIVATE KEY-----',
    '%',
    '&',
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(pieces, fc.string({ maxLength: 5 })), { maxLength: 40 }),
      fc.boolean(),
      (parts, cut) => {
        assert.equal(typeof usual.text(parts.join(''), cut), 'string');
      },
    ),
  );
  for (const part of [
    'password"',
    'a:',
    '://',
    "'\\",
    'eyJaaaaaaaaaa.',
    'Bearer ',
    '%',
    'token=',
    'x://a:',
    '"token":"',
  ]) {
    assert.equal(typeof usual.text(part.repeat(4096), true), 'string');
  }
});
