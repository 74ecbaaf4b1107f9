import { createRequire as requireFrom } from 'node:module';
import type { InstructionDecoder, InstructionEffect, Instructions } from '../instruction.ts';
import type { ValueRules } from '../value-step.ts';
import { knownEffect } from './effects.ts';
import type { IcedDecoder } from './iced-decoder.ts';
import { sweepKnown } from './lengths.ts';
import { isShuffle, memoryUse } from './memory.ts';
import { mayBeSpeculated } from './speculation.ts';

/**
 * amd64 instructions. Nearly all functions have none but those of a small table; the others are decoded by iced-x86, which
 * is loaded when the first of them comes: it takes 27 ms and 15 MB, and ten times as long an instruction.
 */
export class Amd64Decoder implements InstructionDecoder {
  #iced: IcedDecoder | undefined;
  /** For the largest function so far: arrays for each byte of each function would be most of the time. */
  #found = arraysFor(0);

  sweep(code: Uint8Array): Instructions {
    if (code.length > this.#found.offsets.length) this.#found = arraysFor(code.length);
    const { offsets: offset, flows, targets: target } = this.#found;
    const known = sweepKnown(code, this.#found);
    if (known !== undefined) return { count: known, offset, flow: flows, target };
    const { count, undecodableOffset } = this.#other.sweep(code, this.#found);
    const undecodable = undecodableOffset === undefined ? undefined : { offset: undecodableOffset };
    return { count, offset, flow: flows, target, undecodable };
  }

  sweepToBranch(code: Uint8Array, start: number, maxCount: number): Instructions | undefined {
    if (maxCount > this.#found.offsets.length) this.#found = arraysFor(maxCount);
    const { offsets: offset, flows, targets: target } = this.#found;
    const count = sweepKnown(code, this.#found, start, maxCount);
    return count === undefined ? undefined : { count, offset, flow: flows, target };
  }

  isEmulated(code: Uint8Array, offset: number): boolean {
    return isEmulated(code, offset);
  }

  isNop(code: Uint8Array, offset: number): boolean {
    return code[offset] === 0x90;
  }

  memory(code: Uint8Array, offset: number) {
    return memoryUse(code, offset);
  }

  isShuffle(code: Uint8Array, offset: number): boolean {
    return isShuffle(code, offset);
  }

  mayBeSpeculated(code: Uint8Array, offsets: readonly number[], endsInCheck: boolean): boolean {
    return mayBeSpeculated(code, offsets, endsInCheck);
  }

  effect(code: Uint8Array, offset: number): InstructionEffect {
    return knownEffect(code, offset) ?? this.#other.effect(code, offset);
  }

  get values(): ValueRules {
    return this.#other.values;
  }

  get #other(): IcedDecoder {
    this.#iced ??= loadIced();
    return this.#iced;
  }

  [Symbol.dispose](): void {
    this.#iced?.[Symbol.dispose]();
  }
}

function arraysFor(length: number) {
  return { offsets: new Int32Array(length), flows: new Uint8Array(length), targets: new Float64Array(length) };
}

/** In the package it is a file of its own, beside the bundles. */
function loadIced(): IcedDecoder {
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  const module = requireFrom(import.meta.url)(`./iced-decoder.${extension}`) as typeof import('./iced-decoder.ts');
  return new module.IcedDecoder();
}

/** arch/x86/kernel/uprobes.c, branch_setup_xol_ops and push_setup_xol_ops: one trap instead of two. */
function isEmulated(code: Uint8Array, offset: number): boolean {
  const first = code[offset] ?? 0;
  const second = code[offset + 1] ?? 0;
  const isPush = (byte: number) => (byte & 0xf8) === 0x50;
  if (isPush(first) || (first === 0x41 && isPush(second))) return true;
  if (first === 0x90 || first === 0xe8 || first === 0xe9 || first === 0xeb || (first & 0xf0) === 0x70) return true;
  return first === 0x0f && (second & 0xf0) === 0x80;
}
