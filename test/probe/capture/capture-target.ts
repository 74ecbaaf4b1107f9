import type { CaptureOp } from '../../../src/probe/capture/capture-op.ts';

/** What a plan reads. */
export interface Target {
  readonly registers: readonly bigint[];
  readonly sp: bigint;
  /** Throws or returns undefined where nothing is mapped. */
  read(address: bigint, sizeBytes: number): Uint8Array | undefined;
  /** Values of a key in the map[string][]string at that address: address and length of the bytes of each. */
  header?(map: bigint, key: string): readonly { readonly address: bigint; readonly length: bigint }[];
  /** Type and data word of the value of that key type in the context behind the interface. */
  contextValue?(itab: bigint, data: bigint, keyTypeVaddr: number): readonly [bigint, bigint] | undefined;
  readonly loadBias?: bigint;
}

export interface DynamicTypeEntry {
  readonly id: number;
  readonly ops: readonly CaptureOp[];
  readonly sizeBytes: number;
  readonly direct: boolean;
}
