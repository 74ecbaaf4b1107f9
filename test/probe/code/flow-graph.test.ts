import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commonDominator, dominates, flowGraph, isInCycle, isLoopHead } from '../../../src/probe/code/flow-graph.ts';
import { flow, type Instructions } from '../../../src/probe/code/instruction.ts';
import fc from '../../support/fast-check.ts';

const noCalls = { isMorestack: () => false, neverReturns: () => false };

/** Instructions of one byte each. */
function instructionsOf(list: readonly (readonly [kind: number, target: number])[]): Instructions {
  return {
    count: list.length,
    offset: Int32Array.from(list.keys()),
    flow: Uint8Array.from(list, ([kind]) => kind),
    target: Float64Array.from(list, ([, target]) => target),
  };
}

test('blocks end where control may go elsewhere, and begin where it may come from elsewhere', () => {
  // if … { call } loop: …; if … goto loop; return
  const graph = flowGraph(
    instructionsOf([
      [flow.conditional, 2],
      [flow.call, 999],
      [flow.next, 0],
      [flow.conditional, 2],
      [flow.return, 0],
    ]),
    5,
    noCalls,
  )!;
  assert.deepEqual(graph.starts, [0, 1, 2, 4, 5]);
  assert.deepEqual(graph.successors, [[2, 1], [2], [2, 3], []]);
  assert.deepEqual(graph.dominators, [0, 0, 0, 2]);
  assert.deepEqual(
    graph.starts.slice(0, 4).map((_, block) => isLoopHead(graph, block)),
    [false, false, true, false],
  );
  assert.ok(isInCycle(graph, 2, () => true));
  assert.ok(!isInCycle(graph, 1, () => true));
  assert.equal(commonDominator(graph, [1, 3]), 0);
});

test('a call that panics leads nowhere, one of morestack is no way into the function', () => {
  const list = [
    [flow.conditional, 3],
    [flow.call, 100],
    [flow.return, 0],
    [flow.call, 200],
    [flow.jump, 0],
  ] as const;
  const targets = { isMorestack: (at: number) => at === 200, neverReturns: (at: number) => at === 100 };
  const graph = flowGraph(instructionsOf(list), 5, targets)!;
  assert.deepEqual(graph.successors.slice(0, 2), [[1], []]);
  assert.equal(graph.dominators[2], -1);
});

test('dominators are what taking a block away says, for any code', () => {
  const kinds = [flow.next, flow.call, flow.jump, flow.conditional, flow.return, flow.stop];
  const instruction = fc.tuple(fc.constantFrom(...kinds), fc.integer({ min: -2, max: 26 }));
  fc.assert(
    fc.property(fc.array(instruction, { minLength: 1, maxLength: 24 }), (list) => {
      const graph = flowGraph(instructionsOf(list), list.length, noCalls)!;
      const blocks = graph.successors.length;
      const reached = (without: number) => {
        const seen = new Set<number>();
        const open = without === 0 ? [] : [0];
        for (let at = open.pop(); at !== undefined; at = open.pop()) {
          if (seen.has(at) || at === without) continue;
          seen.add(at);
          open.push(...(graph.successors[at] ?? []));
        }
        return seen;
      };
      const all = reached(-1);
      for (let above = 0; above < blocks; above++) {
        if (!all.has(above)) continue;
        const rest = reached(above);
        for (const below of all) assert.equal(dominates(graph, above, below), !rest.has(below), `${above} ${below}`);
      }
      for (let block = 0; block < blocks; block++) assert.equal(graph.dominators[block] === -1, !all.has(block));
    }),
  );
});
