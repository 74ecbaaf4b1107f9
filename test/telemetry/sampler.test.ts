import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSampler, type SamplerName } from '../../src/telemetry/sampler.ts';
import { call } from '../support/calls.ts';

const hex = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: length, maxLength: length })
    .map((digits) => digits.map((digit) => digit.toString(16)).join(''));

test('always on, always off', () => {
  assert.equal(createSampler({ name: 'always_on', ratio: 0 })(call()), true);
  assert.equal(createSampler({ name: 'always_off', ratio: 1 })(call()), false);
});

test('children agree with their root, whichever comes first', () => {
  fc.assert(
    fc.property(hex(32), fc.double({ min: 0, max: 1, noNaN: true }), (traceId, ratio) => {
      for (const name of ['traceidratio', 'parentbased_traceidratio'] as const) {
        const sampler = createSampler({ name, ratio });
        const child = sampler(call({ traceId, parentSpanId: 'b7ad6b7169203331', frameIndex: 1 }));
        assert.equal(child, sampler(call({ traceId })));
      }
    }),
  );
});

test('a larger ratio keeps what a smaller one keeps', () => {
  fc.assert(
    fc.property(
      hex(32),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (traceId, a, b) => {
        const kept = (ratio: number) => createSampler({ name: 'traceidratio', ratio })(call({ traceId }));
        if (kept(Math.min(a, b))) assert.equal(kept(Math.max(a, b)), true);
      },
    ),
  );
});

test('the ratio is the share that is kept', () => {
  const sampler = createSampler({ name: 'traceidratio', ratio: 0.25 });
  let kept = 0;
  for (let i = 0; i < 1024; i++) {
    // Evenly spread over the random part of a trace id.
    const random = BigInt(i) << 46n;
    if (sampler(call({ traceId: random.toString(16).padStart(32, '0') }))) kept++;
  }
  assert.equal(kept, 256);
});

test('ratios at and beyond the ends', () => {
  const lowest = call({ traceId: '0'.repeat(32) });
  const highest = call({ traceId: 'f'.repeat(32) });
  for (const ratio of [1, 7]) assert.equal(createSampler({ name: 'traceidratio', ratio })(lowest), true);
  for (const ratio of [0, -1]) assert.equal(createSampler({ name: 'traceidratio', ratio })(highest), false);
});

test('the remote parent decides for the whole trace', () => {
  const names: SamplerName[] = ['parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'];
  for (const name of names) {
    const sampler = createSampler({ name, ratio: 0.5 });
    for (const sampled of [true, false]) {
      assert.equal(sampler(call({ parentSpanId: 'b7ad6b7169203331', remoteParent: { sampled } })), sampled, name);
      assert.equal(sampler(call({ parentSpanId: 'b7ad6b7169203331', traceSampled: sampled })), sampled, name);
    }
  }
  // Without parentbased_ it does not.
  assert.equal(createSampler({ name: 'always_on', ratio: 1 })(call({ remoteParent: { sampled: false } })), true);
});
