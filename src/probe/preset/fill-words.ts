import type { Found } from '../../binary/go-binary.ts';
import { type CaptureOp, op } from '../capture/capture-op.ts';
import { fieldPath } from '../capture/field-path.ts';
import { assignRegisters, firstStackArgument, registerSequences } from '../code/register-assignment.ts';
import type { PresetWord, WordSource } from './preset.ts';
import type { PresetContext } from './preset-leaf.ts';

const wordBytes = 8;

/** In the image. */
export function wordsOf({ as }: PresetWord): number {
  return as === undefined ? 1 : 2;
}

/** Puts the words into the image, from there on. */
export function fillOps(word: PresetWord, at: number, context: PresetContext): Found<CaptureOp[]> {
  const ops: CaptureOp[] = [];
  for (let n = 0; n < wordsOf(word); n++) {
    const filled = fillOp(word.from, n, at + n * wordBytes, context);
    if (filled === undefined) return { unavailable: 'the program passes an argument otherwise' };
    ops.push(filled);
    if (word.save !== undefined) ops.push(op.save(word.save + n, at + n * wordBytes));
  }
  return { value: ops };
}

/** Puts the n-th word from there on into the image; undefined: the program has no such word. */
function fillOp(from: WordSource, n: number, at: number, context: PresetContext): CaptureOp | undefined {
  const { binary, abi } = context;
  if ('saved' in from) return op.saved(from.saved + n, at);
  if ('struct' in from) return fillFromStruct(from, n, at, context);
  const index = n + ('argument' in from ? from.argument : from.result);
  if (abi === 'stack') {
    const behind = 'argument' in from ? 0 : from.behind;
    return op.stack(at, wordBytes, firstStackArgument + wordBytes * (behind + index));
  }
  const register = registerSequences[binary.arch].integer[index];
  if (register === undefined) throw new RangeError(`no register for word ${index}`);
  return op.register(register, at, wordBytes);
}

function fillFromStruct(
  { argument, struct: name, path }: Extract<WordSource, { readonly struct: string }>,
  n: number,
  at: number,
  { binary, abi }: PresetContext,
): CaptureOp | undefined {
  const type = binary.runtimeType(name);
  const field = type && fieldPath(type, path).value;
  if (type === undefined || field === undefined || field.hops.length > 0) return undefined;
  const word = {
    name: '',
    type: { kind: 'uintptr', name: 'uintptr', sizeBytes: wordBytes, alignBytes: wordBytes },
  } as const;
  const signature = { parameters: [...Array<typeof word>(argument).fill(word), { name: '', type }], results: [] };
  const pieces = assignRegisters(signature, binary.arch, abi).parameters.at(-1)?.pieces ?? [];
  const inStruct = field.at + n * wordBytes;
  const piece = pieces.find((one) => one.at <= inStruct && inStruct + wordBytes <= one.at + one.sizeBytes);
  if (piece === undefined || 'floatRegister' in piece) return undefined;
  return 'register' in piece
    ? op.register(piece.register, at, wordBytes)
    : op.stack(at, wordBytes, piece.stackOffset + inStruct - piece.at);
}
