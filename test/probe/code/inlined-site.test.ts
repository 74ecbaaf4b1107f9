import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InlineTree } from '../../../src/binary/go-binary.ts';
import { Amd64Decoder } from '../../../src/probe/code/amd64/decoder.ts';
import { flowGraph } from '../../../src/probe/code/flow-graph.ts';
import { describeInstructions, findInlinedSite } from '../../../src/probe/code/inlined-site.ts';
import { instructionIndex } from '../../../src/probe/code/instruction.ts';
import fc from '../../support/fast-check.ts';

const runs = Number(process.env['FUZZ_RUNS'] ?? 3000);

/** Instructions that decide where code may be: of jumps the last byte is the distance. */
const instructions = {
  nop: [0x90],
  move: [0x48, 0x89, 0xc3],
  load: [0x48, 0x8b, 0x03],
  store: [0x48, 0x89, 0x03],
  add: [0x48, 0x01, 0xc3],
  conditional: [0x74, 0],
  jump: [0xeb, 0],
  return: [0xc3],
} as const;

const instruction = fc
  .tuple(fc.constantFrom(...Object.values(instructions)), fc.integer({ min: -12, max: 12 }))
  .map(([bytes, distance]) => (bytes.length === 2 ? [bytes[0], distance & 0xff] : [...bytes]));

/** Trees as a damaged file may have them: parents in circles, places outside of the function. */
const tree = fc
  .record({
    ends: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 }),
    calls: fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 8, maxLength: 8 }),
    parents: fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 4, maxLength: 4 }),
    parentPcs: fc.array(fc.integer({ min: -2, max: 60 }), { minLength: 4, maxLength: 4 }),
  })
  .map(({ ends, calls, parents, parentPcs }): InlineTree => {
    const sorted = ends.sort((a, b) => a - b);
    const list = sorted.map((endPc, i) => ({ startPc: sorted[i - 1] ?? 0, endPc, call: calls[i] ?? -1 }));
    return { runs: list, parents, parentPcs };
  });

test('for any code and any tree there is a site at an instruction, or a reason', () => {
  using decoder = new Amd64Decoder();
  const property = fc.property(
    fc.array(instruction, { minLength: 1, maxLength: 20 }),
    tree,
    fc.boolean(),
    (list, inlineTree, isRecent) => {
      const code = Uint8Array.from(list.flat());
      const swept = decoder.sweep(code);
      const graph = flowGraph(swept, code.length, { isMorestack: () => false, neverReturns: () => false });
      assert.ok(graph !== undefined);
      const described = describeInstructions({ instructions: swept, code, decoder, tree: inlineTree });
      const lineAt = (offset: number) => ({ file: 'main.go', line: offset });
      const compiler = { speculates: isRecent, hoists: isRecent };
      const fn = { code, decoder, instructions: swept, graph, tree: inlineTree, lineAt, compiler, ...described };
      for (let call = 0; call < 4; call++) {
        const { value, unavailable } = findInlinedSite(fn, call);
        if (value === undefined) assert.notEqual(unavailable, '');
        else assert.notEqual(instructionIndex(swept, value.offset), undefined);
      }
    },
  );
  fc.assert(property, { numRuns: runs });
});
