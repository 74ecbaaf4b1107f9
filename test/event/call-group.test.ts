import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seriesKeyLayout, seriesRest, textStatus } from '../../src/bpf/map-layout.ts';
import { callGroup } from '../../src/event/call-group.ts';
import type { DecodeContext } from '../../src/event/decode-value.ts';
import type { LabelShape } from '../../src/probe/capture/shape.ts';
import fc from '../support/fast-check.ts';

const context: DecodeContext = {
  dynamicType: () => undefined,
  typeName: (vaddr) => (vaddr === 0x4a1000 ? '*fs.PathError' : undefined),
  runningTypeName: () => undefined,
  constantBytes: () => undefined,
  functionName: () => undefined,
};

function label(name: string, kind: LabelShape['label'], place: number, choices?: readonly string[]): LabelShape {
  return { kind: 'label', type: 'T', goType: 'error', at: 0, size: 8, name, label: kind, place, choices };
}

const labels = [
  label('method', 'choice', 0, ['GET', 'POST']),
  label('major', 'byte', 1),
  label('tls', 'present', 2),
  label('forwarded', 'found', 3, ['https', 'http']),
  label('status', 'code', 6),
  label('pattern', 'text', 0),
];

function key(bytes: readonly number[], text = '', end = 0): Uint8Array {
  const made = new Uint8Array(seriesKeyLayout.sizeBytes);
  made.set(bytes, seriesKeyLayout.labels);
  made[seriesKeyLayout.end] = end;
  made[seriesKeyLayout.text_status] = text === '' ? textStatus.none : textStatus.whole;
  made[seriesKeyLayout.text_bytes] = text.length;
  made.set(new TextEncoder().encode(text), seriesKeyLayout.text);
  return made;
}

const plain = (bytes: Uint8Array) =>
  callGroup(bytes, labels, context)?.fields.map(({ name, value, unavailable }) => [name, value ?? unavailable ?? null]);

test('two texts in one key, and notes in place of the own one', () => {
  const several = [label('pattern', 'text', 0), label('route', 'note', 5), label('routePart', 'part', 5)];
  const read = (bytes: Uint8Array) =>
    callGroup(bytes, several, context)?.fields.map(({ value, unavailable }) => value ?? unavailable ?? null);
  const noted = (number: number, text: string) => key([0, 0, 0, 0, 0, number, 0, 0], text);
  assert.deepEqual(read(noted(0, '/own')), ['/own', 'not read', 'not read']);
  assert.deepEqual(read(noted(1, '/noted')), [null, '/noted', null]);
  assert.deepEqual(read(noted(2, '/a/*/b')), [null, null, '/a/*/b']);
  assert.deepEqual(read(noted(6, '/own:80')), ['/own', null, ':80']);
  const cut = noted(6, '/own:80');
  cut[seriesKeyLayout.text_status] = textStatus.cut;
  assert.deepEqual(read(cut), ['/own', null, 'too long']);
});

test('labels as the kernel writes them', () => {
  // 404 plus 1.
  assert.deepEqual(plain(key([2, 2, 1, 254, 0, 0, 0x95, 1], 'GET /cart/{id}')), [
    ['method', 'POST'],
    ['major', 1],
    ['tls', null],
    ['forwarded', null],
    ['status', 404],
    ['pattern', 'GET /cart/{id}'],
  ]);
  assert.deepEqual(plain(key([255, 254, 2, 1, 0, 0, 0, 0])), [
    ['method', '_OTHER'],
    ['major', 'too large'],
    ['tls', true],
    ['forwarded', 'https'],
    ['status', 'not read'],
    ['pattern', null],
  ]);
});

test('how the calls ended; of the rest nothing is known', () => {
  assert.equal(callGroup(key([], '', 1), labels, context)?.end, 'panic');
  assert.equal(callGroup(key([], '', seriesRest), labels, context), undefined);
});

test('the type of an error stands for the result', () => {
  const error = label('error', 'type', 0);
  const failed = key([]);
  failed[seriesKeyLayout.text_status] = textStatus.whole;
  new DataView(failed.buffer).setBigUint64(seriesKeyLayout.text, 0x4a1000n, true);
  assert.equal(callGroup(failed, [error], context, 1)?.results[1]?.goType, '*fs.PathError');
  assert.equal(callGroup(key([]), [error], context, 1)?.results[1]?.value, null);
});

test('any bytes give values or reasons', () => {
  const bytes = fc.uint8Array({ minLength: seriesKeyLayout.sizeBytes, maxLength: seriesKeyLayout.sizeBytes });
  fc.assert(
    fc.property(bytes, (made) => {
      const group = callGroup(made, [...labels, label('error', 'type', 0)], context, 0);
      for (const { value, unavailable } of group?.fields ?? []) {
        assert.equal(value === undefined, unavailable !== undefined);
      }
    }),
  );
});
