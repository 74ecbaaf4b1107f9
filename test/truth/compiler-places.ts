/** Where the compiler says that parameters and results are at each function's first instruction: DWARF's location lists. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Piece } from '../../src/probe/code/register-assignment.ts';
import { goTarget } from '../support/go-target.ts';

export interface CompilerPlace {
  readonly entryVaddr: number;
  readonly functionName: string;
  readonly isResult: boolean;
  readonly name: string;
  /** A DWARF expression in hex; `-`: none. */
  readonly expression: string;
  /** The location holds for the whole function: where the value is once its prologue has run. */
  readonly whole: boolean;
}

/** Of all functions with code, in the order of the debug information. */
export async function* compilerPlaces(executable: string): AsyncGenerator<CompilerPlace> {
  const reader = spawn(await goTarget('abilocations'), [executable], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(reader, 'exit');
  for await (const line of createInterface({ input: reader.stdout })) {
    const [entry = '', functionName = '', kind = '', name = '', expression = '', whole = ''] = line.split('\t');
    const entryVaddr = Number.parseInt(entry, 16);
    yield { entryVaddr, functionName, isResult: kind === 'result', name, expression, whole: whole !== '' };
  }
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`abilocations ${executable}: exit code ${code}`);
}

/** DWARF numbers of x86-64 registers (System V ABI, figure 3.36) as the instruction encoding counts them. */
const amd64Registers = [0, 2, 1, 3, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15];

/** From the canonical frame address, which is SP before the call, to SP at entry: amd64 has pushed the return address. */
const cfaAboveSp = { amd64: 8, arm64: 0 } as const;

/** First floating-point register in DWARF's numbering. */
const firstFloat = { amd64: 17, arm64: 64 } as const;

/**
 * A location expression as pieces; undefined where it has other operations than those at a function's entry. Offsets
 * count the bytes of pieces one after another: padding between fields is not in them.
 */
export function piecesOf(expression: string, sizeBytes: number, arch: 'amd64' | 'arm64'): Piece[] | undefined {
  const bytes = [...Buffer.from(expression, 'hex')];
  const pieces: Piece[] = [];
  let at = 0;
  for (let i = 0; i < bytes.length; ) {
    const op = bytes[i] ?? 0;
    i += 1;
    let place: { register: number } | { floatRegister: number } | { stackOffset: number } | undefined;
    if (op >= 0x50 && op <= 0x6f) place = registerPlace(op - 0x50, arch); // DW_OP_reg0 …
    if (op === 0x90) {
      // DW_OP_regx
      const [number, next] = uleb(bytes, i);
      [place, i] = [registerPlace(number, arch), next];
    }
    if (op === 0x9c) {
      // DW_OP_call_frame_cfa, alone or with DW_OP_consts and DW_OP_plus
      let offset = 0;
      if (bytes[i] === 0x11) {
        [offset, i] = sleb(bytes, i + 1);
        if (bytes[i] !== 0x22) return undefined;
        i += 1;
      }
      place = { stackOffset: cfaAboveSp[arch] + offset };
    }
    if (op === 0x91) {
      // DW_OP_fbreg: the frame base is the CFA.
      const [offset, next] = sleb(bytes, i);
      [place, i] = [{ stackOffset: cfaAboveSp[arch] + offset }, next];
    }
    let size = sizeBytes - at;
    if (op === 0x93) {
      // DW_OP_piece without a place: the compiler needs those bytes no more.
      [size, i] = uleb(bytes, i);
      at += size;
      continue;
    }
    if (bytes[i] === 0x93) [size, i] = uleb(bytes, i + 1);
    if (place === undefined) return undefined;
    pieces.push({ ...place, at, sizeBytes: size } as Piece);
    at += size;
  }
  return pieces;
}

function registerPlace(number: number, arch: 'amd64' | 'arm64'): { register: number } | { floatRegister: number } {
  if (number >= firstFloat[arch]) return { floatRegister: number - firstFloat[arch] };
  return { register: arch === 'amd64' ? (amd64Registers[number] ?? -1) : number };
}

function uleb(bytes: readonly number[], start: number): [number, number] {
  let [value, shift, i] = [0, 0, start];
  for (; ; i++) {
    const byte = bytes[i] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    shift += 7;
    if ((byte & 0x80) === 0) return [value, i + 1];
  }
}

function sleb(bytes: readonly number[], start: number): [number, number] {
  const [value, next] = uleb(bytes, start);
  const bits = 7 * (next - start);
  return [value >= 2 ** (bits - 1) ? value - 2 ** bits : value, next];
}

/** Pieces as DWARF counts them. */
export function withoutPadding(pieces: readonly Piece[]): Piece[] {
  let at = 0;
  return pieces.map((piece) => {
    const moved = { ...piece, at };
    at += piece.sizeBytes;
    return moved;
  });
}
