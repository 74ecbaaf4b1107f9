import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BinaryError } from '../../src/binary/binary-error.ts';
import type { GoType } from '../../src/binary/go-type.ts';
import { dictionaryAddress } from '../../src/event/capture-image.ts';
import { ChunkReader } from '../../src/event/chunk-reader.ts';
import { concreteValue, createConcreteValues } from '../../src/event/concrete-value.ts';
import { captureOp } from '../../src/probe/capture/capture-op.ts';
import { stringTable } from '../../src/probe/capture/capture-plan.ts';
import type { CapturedValue, CaptureShape } from '../../src/probe/capture/shape.ts';
import { defaultCaptureLimits } from '../../src/probe/capture/shape-context.ts';
import { planValues } from '../../src/probe/capture/value-plan.ts';
import { assignRegisters } from '../../src/probe/code/register-assignment.ts';
import { createRedaction } from '../../src/redaction/redaction.ts';
import { array, basic, pointer, slice, struct } from '../probe/go-types.ts';
import fc from '../support/fast-check.ts';

const shapeText = basic('string', 'go.shape.string');
const id = basic('string', 'main.ID');
const dictionaryType = basic('uintptr');

function pairOf(text: GoType, name: string): GoType {
  return struct(name, [
    ['First', text],
    ['Count', basic('int')],
    ['Rest', slice(text)],
    ['Next', pointer(array(2, text))],
  ]);
}

/** The capture of f(value) with its dictionary. */
function captureOf(type: GoType): CaptureShape {
  const parameters = [
    { name: '.dict', type: dictionaryType },
    { name: 'value', type, dictionaryWord: 3 },
  ];
  const [dictionary, value] = assignRegisters({ parameters, results: [] }, 'amd64').parameters;
  assert.ok(dictionary !== undefined && value !== undefined);
  return planValues([value], defaultCaptureLimits, stringTable(), {}, undefined, dictionary).shape;
}

function only({ values: [value] }: CaptureShape): CapturedValue {
  return value ?? assert.fail('no value');
}

const shapeNames = (shape: unknown) => JSON.stringify(shape).match(/go\.shape/g)?.length ?? 0;
const withoutNames = (shape: unknown) => JSON.stringify(shape).replace(/"goType":"[^"]*"/g, '');

test('names of shapes become those of the types, at every depth; all else stays', () => {
  const { shape } = only(captureOf(pairOf(shapeText, 'main.Pair[go.shape.string]')));
  assert.ok(shapeNames(shape) > 5);
  const { shape: concrete, hidden } = concreteValue(shape, pairOf(id, 'main.Pair[main.ID]'));
  assert.equal(shapeNames(concrete), 0);
  assert.equal(withoutNames(concrete), withoutNames(shape));
  assert.equal(concrete.goType, 'main.Pair[main.ID]');
  assert.equal(hidden, false);
});

test('a type that does not fit changes nothing', () => {
  const { shape } = only(captureOf(shapeText));
  const types = fc.constantFrom(basic('int'), slice(id), pointer(id), struct('main.S', []), array(3, id));
  fc.assert(fc.property(types, (type) => assert.deepEqual(concreteValue(shape, type).shape, shape)));
  const whole = only(captureOf(pairOf(shapeText, 'main.Pair[go.shape.string]'))).shape;
  const other = struct('main.Other', [['First', basic('int', 'main.Count')]]);
  const { shape: partly } = concreteValue(whole, other);
  assert.equal(shapeNames(partly), shapeNames(whole) - 1);
  assert.equal(withoutNames(partly), withoutNames(whole));
});

test('a type that is called like a secret hides the value, also from within', () => {
  const redaction = createRedaction({ usual: true, names: [], texts: [] });
  const password = basic('string', 'main.Password');
  const { shape } = only(captureOf(pairOf(shapeText, 'main.Pair[go.shape.string]')));
  assert.equal(concreteValue(shape, pairOf(password, 'main.Pair[main.Password]'), redaction).hidden, true);
  assert.equal(concreteValue(shape, pairOf(id, 'main.Pair[main.ID]'), redaction).hidden, false);
});

test('a dictionary is read once for a value; what cannot be read leaves the value as it is', () => {
  let reads = 0;
  const values = createConcreteValues((dictionary, { dictionaryWord: word }) => {
    reads++;
    assert.equal(word, 3);
    if (dictionary === 16) throw new BinaryError('damaged', { file: 'x', section: 'image', offset: 0 });
    return dictionary === 8 ? id : undefined;
  });
  const captured = only(captureOf(shapeText));
  for (let i = 0; i < 3; i++) {
    assert.equal(values(captured, 8)?.shape.goType, 'main.ID');
    assert.equal(values(captured, 16), undefined);
    assert.equal(values(captured, 24), undefined);
  }
  assert.equal(reads, 3);
  assert.equal(values({ ...captured, dictionaryWord: undefined }, 8), undefined);
});

test("the dictionary's address is in the image at entry; other bytes have none", () => {
  const capture = captureOf(shapeText);
  assert.equal(capture.imageBytes, 24);
  const chunk = Buffer.alloc(8 + 24);
  chunk.writeUInt8(captureOp.image, 1);
  chunk.writeUInt16LE(24, 2);
  chunk.writeBigUInt64LE(0x5555_0000_1230n, 8 + (capture.dictionaryAt ?? assert.fail('no place')));
  const reader = new ChunkReader(chunk).start(0, chunk.length);
  assert.equal(dictionaryAddress(capture, reader), 0x5555_0000_1230);
  assert.equal(reader.remaining, chunk.length, 'the reader stays where it was');
  assert.equal(dictionaryAddress({ ...capture, dictionaryAt: undefined }, reader), undefined);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 31 }), (bytes) => {
      assert.equal(dictionaryAddress(capture, new ChunkReader(bytes).start(0, bytes.length)), undefined);
    }),
  );
});
