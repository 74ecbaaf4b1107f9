import type { Architecture } from '../code/register-assignment.ts';
import { arm64JumpTarget, arm64Step } from './arm64-spills.ts';

/**
 * An argument register and where the way to morestack keeps it: in its spill slot, `offset` bytes above the start of the
 * argument frame, as FUNCDATA_ArgInfo counts.
 */
export type SpilledArgument = { readonly offset: number; readonly sizeBytes: number } & (
  | { readonly register: number }
  | { readonly floatRegister: number }
);

/** More than there are argument registers: 9 and 15, on arm64 16 and 16. */
const maxSpills = 32;
const returnAddressBytes = 8;

/**
 * Every register that holds an argument of a function with a stack check: before the compiler's code calls
 * morestack it stores all of them, used or not, if the function uses any
 * (https://github.com/golang/go/blob/go1.26.0/src/cmd/compile/internal/ssagen/ssa.go, "Record incoming parameter spill
 * information"). So it is known which are integers and which are floats. Undefined if the code there is anything else.
 * @param code of the function
 * @param checkOffset of the conditional jump to morestack
 */
export function spilledArguments(
  code: Uint8Array,
  checkOffset: number,
  arch: Architecture,
): SpilledArgument[] | undefined {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  return arch === 'arm64' ? arm64Spills(view, checkOffset) : amd64Spills(code, view, checkOffset);
}

function arm64Spills(view: DataView, checkOffset: number): SpilledArgument[] | undefined {
  const isInside = (at: number) => at >= 0 && at + 4 <= view.byteLength;
  const spills: SpilledArgument[] = [];
  const start = isInside(checkOffset) ? arm64JumpTarget(view.getUint32(checkOffset, true), checkOffset) : undefined;
  for (let at = start; at !== undefined && isInside(at); at += 4) {
    const step = arm64Step(view.getUint32(at, true));
    if (step === 'call') return spills;
    if (step === undefined || spills.length + step.length > maxSpills) return undefined;
    if (step.some(({ offset }) => offset < 0)) return undefined;
    spills.push(...step);
  }
  return undefined;
}

function amd64Spills(code: Uint8Array, view: DataView, checkOffset: number): SpilledArgument[] | undefined {
  const start = jumpTarget(view, checkOffset);
  const spills: SpilledArgument[] = [];
  for (let at = start; at !== undefined && at >= 0 && at < code.length; ) {
    if (code[at] === callOpcode) return spills;
    const padding = nopBytes(view, at);
    if (padding > 0) {
      at += padding;
      continue;
    }
    const store = readStore(view, at);
    if (store === undefined || spills.length === maxSpills) return undefined;
    spills.push(store.spill);
    at = store.end;
  }
  return undefined;
}

const callOpcode = 0xe8;

/** JBE rel8 or rel32. */
function jumpTarget(view: DataView, at: number): number | undefined {
  if (at + 2 > view.byteLength) return undefined;
  if (view.getUint8(at) === 0x76) return at + 2 + view.getInt8(at + 1);
  const isNear = at + 6 <= view.byteLength && view.getUint16(at, false) === 0x0f86;
  return isNear ? at + 6 + view.getInt32(at + 2, true) : undefined;
}

/** The no-operation of up to 9 bytes that stands there to align the call: Intel SDM vol. 2, NOP. 0: another instruction. */
function nopBytes(view: DataView, start: number): number {
  const byte = (at: number): number => (at < view.byteLength ? view.getUint8(at) : 0);
  const at = byte(start) === 0x66 ? start + 1 : start;
  if (byte(at) === 0x90) return at + 1 - start;
  if (byte(at) !== 0x0f || byte(at + 1) !== 0x1f) return 0;
  const modrm = byte(at + 2);
  const displacementBytes = [0, 1, 4, 0][modrm >> 6] ?? 0;
  return at + 3 + ((modrm & 7) === 4 ? 1 : 0) + displacementBytes - start;
}

/** `mov [rsp+displacement], register` of 1, 2, 4 or 8 bytes, `movss` and `movsd`: Intel SDM vol. 2, 2.1 and 2.2.1. */
function readStore(view: DataView, start: number): { spill: SpilledArgument; end: number } | undefined {
  let at = start;
  const byte = (): number => (at < view.byteLength ? view.getUint8(at++) : 0);
  let next = byte();
  const prefix = next === 0x66 || next === 0xf2 || next === 0xf3 ? next : 0;
  if (prefix !== 0) next = byte();
  const rex = (next & 0xf0) === 0x40 ? next : 0;
  if (rex !== 0) next = byte();
  const isFloat = next === 0x0f;
  if (isFloat) next = byte();
  if (isFloat ? next !== 0x11 || prefix === 0x66 || prefix === 0 : next !== 0x88 && next !== 0x89) return undefined;
  const sizeBytes = isFloat
    ? prefix === 0xf2
      ? 8
      : 4
    : next === 0x88
      ? 1
      : (rex & 8) !== 0
        ? 8
        : prefix === 0x66
          ? 2
          : 4;
  const modrm = byte();
  const isNearSp = (modrm & 7) === 4 && byte() === 0x24;
  const displacementBytes = modrm >> 6 === 1 ? 1 : modrm >> 6 === 2 ? 4 : 0;
  if (!isNearSp || displacementBytes === 0 || at + displacementBytes > view.byteLength) return undefined;
  const displacement = displacementBytes === 1 ? view.getInt8(at) : view.getInt32(at, true);
  const offset = displacement - returnAddressBytes;
  if (offset < 0) return undefined;
  const number = ((modrm >> 3) & 7) | ((rex & 4) << 1);
  const end = at + displacementBytes;
  const place = { offset, sizeBytes };
  return { spill: isFloat ? { ...place, floatRegister: number } : { ...place, register: number }, end };
}
