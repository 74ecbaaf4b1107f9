/** Damages copies of real executables and does everything with them that a reader can do. */
import { closeSync, copyFileSync, mkdtempSync, openSync, readSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BinaryError } from '../../src/binary/binary-error.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';

/** A copy of a file whose bytes can be changed, and are put back. */
export class DamagedFile implements Disposable {
  readonly path: string;
  readonly #original: string;
  readonly #folder: string;
  readonly #fd: number;

  constructor(original: string) {
    this.#original = original;
    this.#folder = mkdtempSync(join(tmpdir(), 'sidespan-damaged-'));
    this.path = join(this.#folder, 'program');
    copyFileSync(original, this.path);
    this.#fd = openSync(this.path, 'r+');
  }

  /** Runs `use` while these bytes are in the file, and restores what was there. */
  with<T>(patches: readonly { readonly fileOffset: number; readonly bytes: Uint8Array }[], use: () => T): T {
    const saved = patches.map(({ fileOffset, bytes }) => {
      const old = new Uint8Array(bytes.length);
      readSync(this.#fd, old, 0, old.length, fileOffset);
      return { fileOffset, bytes: old };
    });
    try {
      this.#write(patches);
      return use();
    } finally {
      this.#write(saved.reverse());
    }
  }

  /** Cuts the file off for good. */
  truncate(sizeBytes: number): void {
    truncateSync(this.path, sizeBytes);
  }

  /** A fresh copy, after a truncation. */
  restore(): void {
    copyFileSync(this.#original, this.path);
  }

  #write(patches: readonly { readonly fileOffset: number; readonly bytes: Uint8Array }[]): void {
    for (const { fileOffset, bytes } of patches) writeSync(this.#fd, bytes, 0, bytes.length, fileOffset);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    rmSync(this.#folder, { recursive: true });
  }
}

export function u64(value: bigint | number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return bytes;
}

/** The BinaryError that `use` throws, or undefined. Anything else that is thrown, is thrown. */
export function binaryErrorOf(use: () => unknown): BinaryError | undefined {
  try {
    use();
    return undefined;
  } catch (error) {
    if (error instanceof BinaryError) return error;
    throw error;
  }
}

/**
 * Asks an executable everything, each question by itself. A BinaryError is an answer; anything else is thrown. Returns
 * how many questions had a value for an answer.
 * @param everyNth of the functions is asked about
 */
export function askEverything(path: string, everyNth = 16): number {
  let values = 0;
  const ask = (question: () => unknown): void => {
    if (binaryErrorOf(question) === undefined) values++;
  };
  ask(() => {
    using binary = openGoBinary(path);
    ask(() => binary.buildId);
    ask(() => binary.functionCount);
    ask(() => {
      let index = 0;
      for (const fn of binary.functions()) {
        if (index++ % everyNth !== 0) continue;
        ask(() => fn.name);
        ask(() => binary.sourceLine(fn.entryVaddr + 1));
        ask(() => binary.functionAt(fn.endVaddr - 1));
        ask(() => binary.argumentInfo(fn));
      }
    });
    ask(() => binary.functionsNamed('main.main').map((fn) => binary.read(fn.entryVaddr, fn.endVaddr - fn.entryVaddr)));
    for (const name of ['runtime.g', '*main.Order', 'error', 'map[string]int', 'no/such.Type']) {
      ask(() => binary.runtimeType(name)?.fields?.map(({ type }) => `${type.name} ${type.elem?.name}`));
      ask(() => binary.runtimeTypeAt(binary.runtimeTypeAddress(name) ?? 0));
    }
    ask(() => [...binary.inlinedCalls((name) => name.startsWith('main.') || name === 'errors.New')].length);
    ask(() => binary.functionsNamed('os.(*File).Write').map((fn) => binary.methodTypes('*os.File', fn)));
    ask(() => binary.runtimeTypesCalled('main.Order').map((type) => type.name));
    ask(() => binary.implementations('error').map(({ type }) => type.name));
    ask(() => [...binary.runtimeTypesOf((packagePath) => packagePath === 'main')].map(({ type }) => type.name));
  });
  return values;
}
