import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRouteGuesser, OTHER_ROUTE } from '../../src/telemetry/guessed-route.ts';
import fc from '../support/fast-check.ts';

test('what looks like an identifier is folded', () => {
  const cases = {
    '/': '/',
    '/users/7/orders/1234567': '/users/{id}/orders/{id}',
    '/users/7/': '/users/{id}/',
    '/api/v1/items': '/api/v1/items',
    '/api/v2beta1/items': '/api/v2beta1/items',
    '/o/123e4567-e89b-12d3-a456-426614174000': '/o/{id}',
    '/blobs/9f86d081884c7d65': '/blobs/{id}',
    '/blobs/deadbeef': '/blobs/deadbeef',
    '/day/2026-11-22': '/day/{id}',
    '/mail/someone@example.com': '/mail/{id}',
    '/a/b%20c': '/a/{id}',
    '/sessions/eyJhbGciOiJIUzI1NiJ9': '/sessions/{id}',
    '/static/index.html': '/static/index.html',
    '/posts/how-to-write-tests': '/posts/how-to-write-tests',
    '/a/b/c/d/e/f/g/h/i/j': '/a/b/c/d/e/f/g/h/*',
  };
  const guess = createRouteGuesser();
  for (const [path, route] of Object.entries(cases)) assert.equal(guess(path), route);
});

test('there are at most a hundred, whatever is asked for', () => {
  const guess = createRouteGuesser();
  const routes = new Set<string>();
  fc.assert(
    fc.property(fc.webPath(), (path) => {
      const route = guess(`/${path}`);
      assert.ok(route.length <= 400, route);
      routes.add(route);
    }),
    { numRuns: 2000 },
  );
  for (let n = 0; n < 1000; n++) routes.add(guess(`/${String.fromCharCode(97 + (n % 26))}${'x'.repeat(n / 26)}`));
  assert.equal(routes.size, 101);
  assert.ok(routes.has(OTHER_ROUTE));
});
