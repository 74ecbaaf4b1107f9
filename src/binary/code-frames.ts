import type { CodeFrame, GoFunction, InlineTree, SourceLine } from './go-binary.ts';
import { callAt } from './inline-tree.ts';

/** What a function's tables say; `callName` of a call in the inline tree. */
export interface FunctionCode {
  readonly fn: GoFunction;
  readonly tree: InlineTree;
  readonly callName: (call: number) => string;
  readonly sourceLine: (vaddr: number) => SourceLine | undefined;
}

/** The calls that the instruction at a linked address is of, innermost first: inlined ones, then the function. */
export function codeFrames({ fn, tree, callName, sourceLine }: FunctionCode, vaddr: number): CodeFrame[] {
  const frames: CodeFrame[] = [];
  const { runs, parents, parentPcs } = tree;
  let pc = vaddr - fn.entryVaddr;
  let call = callAt(runs, pc);
  while (call >= 0 && frames.length < parents.length) {
    frames.push({ functionName: callName(call), line: sourceLine(fn.entryVaddr + pc), isInlined: true });
    pc = parentPcs[call] ?? 0;
    call = parents[call] ?? -1;
  }
  frames.push({ functionName: fn.name, line: sourceLine(fn.entryVaddr + pc), isInlined: false });
  return frames;
}
