import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, nearestNames } from '../../src/probe/name-suggestion.ts';
import { functionPattern, shortNames } from '../../src/probe/pattern.ts';
import fc from '../support/fast-check.ts';

test('what matches', () => {
  const cases: [pattern: string, name: string, matches: boolean][] = [
    ['main.charge', 'main.charge', true],
    ['main.charge', 'main.chargeAll', false],
    ['net/http.(*conn).serve', 'net/http.(*conn).serve', true],
    ['main.(*Cart).*', 'main.(*Cart).Add', true],
    ['main.(*Cart).*', 'main.Cart.Add', false],
    ['main.*', 'main.(*Cart).Add', true],
    ['main.*', 'domain.Add', false],
    ['*.Add', 'github.com/acme/shop/cart.(*Cart).Add', true],
    ['*Cart*Add', 'main.(*Cart).Add', true],
    ['main.?dd', 'main.Add', true],
    ['main.?dd', 'main.dd', false],
    ['*', 'anything.At[go.shape.int]', true],
    ['main.Map[go.shape.int]', 'main.Map[go.shape.int]', true],
    ['main.M*[go.shape.int]', 'main.Map[go.shape.int]', true],
    ['main.Map[...]', 'main.Map[go.shape.int]', true],
    ['main.(*Stack[...]).Push', 'main.(*Stack[go.shape.string]).Push', true],
    ['main.Map[...]', 'main.Map', false],
    ['main.[MN]ap', 'main.Map', false],
    ['main.(.*)', 'main.x', false],
    ['main.a*b*c', 'main.abbbc', true],
    ['main.a*b*c', 'main.abbbd', false],
    ['main.(*).Add', 'main.(*Cart).Add', true],
    ['main.(*t).Add', 'main.(*Cart).Add', false],
    ['main.Map[int]', 'main.Map[go.shape.int]', true],
    ['main.Map[int,string]', 'main.Map[go.shape.int,go.shape.string]', true],
    ['main.Map[int, string]', 'main.Map[go.shape.int,go.shape.string]', true],
    ['main.Map[int]', 'main.Map[go.shape.int64]', false],
    ['main.(*Stack[string]).Push(s string)', 'main.(*Stack[go.shape.string]).Push', true],
    ['main.(*Cart).Add(n int) error', 'main.(*Cart).Add', true],
    ['main.Add (n int)', 'main.Add', true],
    ['main.Map[func(int)]', 'main.Map[go.shape.func(int)]', true],
    ['*(*Cart).*', 'main.(*Cart).Add', true],
    ['main.Map[K comparable, V any](m map[K]V) []V', 'main.Map[go.shape.int,go.shape.int]', true],
    ['main.Map[K, V any](K, V)', 'main.Map[...]', true],
    ['main.(*List[T interface{ ~int | M(x [2]int) }]).Push(item T)', 'main.(*List[go.shape.int]).Push', true],
    ['main.(*List[T any]).Push(item T)', 'main.(*List[go.shape.int]).Pop', false],
    ['main.Map[chan int]', 'main.Map[go.shape.chan int]', true],
    ['main.Map[struct { N int }](x int)', 'main.Map[go.shape.struct { N int }]', true],
    ['main.Map[int,struct { N int }](x int)', 'main.Map[go.shape.string]', false],
  ];
  for (const [pattern, name, matches] of cases) {
    assert.equal(functionPattern(pattern).matches(name), matches, `${pattern} on ${name}`);
  }
});

test('type parameters are those that a name declares', () => {
  const cases: [pattern: string, names: readonly string[] | undefined][] = [
    ['main.Map[K comparable, V any](m map[K]V)', ['K', 'V']],
    ['main.Map[K, V any](m map[K]V)', ['K', 'V']],
    ['main.(*List[T interface{ ~int | M(x [2]int) }]).Push(item T)', ['T']],
    ['main.Map[int, string](m int)', undefined],
    ['main.Map[chan int](m int)', undefined],
    ['main.Map[...](m int)', undefined],
    ['main.Map[K comparable(m int)', undefined],
    ['main.Map[](m int)', undefined],
    ['main.Map(m [2]K)', undefined],
  ];
  for (const [pattern, names] of cases) {
    assert.deepEqual(functionPattern(pattern).signature?.typeParameters, names, pattern);
  }
});

test('short names', () => {
  const router = 'github.com/docker/docker/api/server/router/network.(*networkRouter).getNetworksList';
  const cases: [pattern: string, name: string, matches: boolean][] = [
    ['network.(*networkRouter).getNetworksList', router, true],
    ['router/network.(*networkRouter).get*', router, true],
    ['network.*', router, true],
    ['work.(*networkRouter).getNetworksList', router, false],
    ['(*networkRouter).getNetworksList', router, false],
    ['getNetworksList', router, false],
    ['caddy.Run', 'github.com/caddyserver/caddy/v2.Run', true],
    ['v2.Run', 'github.com/caddyserver/caddy/v2.Run', true],
    ['yaml.Marshal', 'gopkg.in/yaml%2ev3.Marshal', true],
    ['yaml.v3.Marshal', 'gopkg.in/yaml%2ev3.Marshal', true],
    ['gopkg.in/yaml.v3.Marshal', 'gopkg.in/yaml%2ev3.Marshal', true],
    ['cart.Item]', 'main.Map[github.com/acme/shop/cart.Item]', false],
    ['cart.*', 'main.Map[github.com/acme/shop/cart.Item]', false],
    ['shop.Map[...]', 'acme/shop.Map[github.com/acme/shop/cart.Item]', true],
    ['x', 'no package', false],
    ['v2.Run', 'v2.Run', true],
  ];
  for (const [pattern, name, matches] of cases) {
    assert.equal(functionPattern(pattern).matchesShort(name), matches, `${pattern} on ${name}`);
  }
  fc.assert(fc.property(fc.string(), (name) => shortNames(name).every((short) => short.length <= name.length)));
});

test('a glob matches what its regular expression matches', () => {
  const letters = fc
    .array(fc.constantFrom('a', 'b', '.', '(', '*', '?', ')'), { maxLength: 8 })
    .map((chars) => chars.join(''));
  fc.assert(
    fc.property(letters, letters, (glob, name) => {
      // A `(` that is no receiver's begins a signature.
      fc.pre(!/(^|[^.])\(/.test(glob));
      const pattern = functionPattern(glob);
      const source = [...glob]
        .map((c) => (c === '*' ? '.*' : c === '?' ? '.' : `\\${c}`.replace(/^\\([ab])$/, '$1')))
        .join('');
      const expected = pattern.exact ? glob === name : new RegExp(`^${source}$`).test(name);
      assert.equal(pattern.matches(name), expected);
    }),
    { numRuns: 2000 },
  );
});

test('a glob with many stars does not take exponential time', () => {
  const pattern = functionPattern(`${'a*'.repeat(30)}b`);
  assert.equal(pattern.matches('a'.repeat(5000)), false);
});

test('an endless pattern is refused', () => {
  assert.throws(() => functionPattern('x'.repeat(5000)), /at most 4096 characters/);
});

test('near names for a pattern that matched nothing', () => {
  const names = [
    'main.charge',
    'main.(*Cart).Add',
    'github.com/acme/shop.Checkout',
    'net/http.(*conn).serve',
    'main.main',
  ];
  assert.equal(nearestNames('main.chrage', names)[0], 'main.charge');
  assert.equal(nearestNames('main.Cart.Add', names)[0], 'main.(*Cart).Add');
  assert.equal(nearestNames('shop.checkout', names)[0], 'github.com/acme/shop.Checkout');
  assert.equal(nearestNames('http.(*Conn).Serve', names)[0], 'net/http.(*conn).serve');
  assert.deepEqual(nearestNames('zzzzzzzzzzzzzzzzzz', names), []);
  assert.deepEqual(nearestNames('**', names), []);
});

test('edit distance', () => {
  assert.equal(editDistance('kitten', 'sitting', 10), 3);
  assert.equal(editDistance('', 'abc', 10), 3);
  assert.equal(editDistance('abc', 'abc', 10), 0);
  assert.ok(editDistance('aaaaaaaa', 'bbbbbbbb', 2) > 2);
});

test('generic functions and methods are suggested by the names that people write', () => {
  const names = ['main.gen[go.shape.int]', 'main.der', 'runtime.(*lfstack).push', 'main.(*Stack[go.shape.int]).Push'];
  const others = ['time.lookup', 'example.org/router.(*Mux).lookup', 'type:.eq.main.gen'];
  assert.equal(nearestNames('main.gen', [...names, ...others])[0], 'main.gen[go.shape.int]');
  assert.equal(nearestNames('main.(*Stack).Push', [...names, ...others])[0], 'main.(*Stack[go.shape.int]).Push');
  assert.equal(nearestNames('(*Mux).lookup', [...names, ...others])[0], 'example.org/router.(*Mux).lookup');
});
