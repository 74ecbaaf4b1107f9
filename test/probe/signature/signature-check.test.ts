import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contradiction } from '../../../src/probe/signature/signature-check.ts';

const float = { kind: 'float64', name: 'float64', sizeBytes: 8, alignBytes: 8 } as const;
const value = { name: 'f', type: float, pieces: [{ floatRegister: 0, at: 0, sizeBytes: 8 }] };
const spilled = { offset: 0, sizeBytes: 8, register: 0 };

for (const [arch, wanted, found] of [
  ['amd64', 'X0:8', 'AX:8'],
  ['arm64', 'F0:8', 'R0:8'],
] as const) {
  test(`registers have the names that Go's assembler gives them on ${arch}`, () => {
    assert.equal(
      contradiction([value], [value], undefined, [spilled], arch),
      `such arguments would be in ${wanted}, but its code takes ${found}`,
    );
    assert.equal(
      contradiction([value], [value], undefined, [{ offset: 0, sizeBytes: 8, floatRegister: 0 }], arch),
      undefined,
    );
  });
}
