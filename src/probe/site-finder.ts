import type { Found, GoBinary, GoFunction } from '../binary/go-binary.ts';
import { Amd64Decoder } from './amd64-decoder.ts';
import { type EntrySite, type FunctionCode, type FunctionSites, findEntrySite, findSites } from './site.ts';

/** Larger functions are tables or generated code that nobody traces; decoding them would hold up the rest. */
const maxFunctionBytes = 4 << 20;

/** What a stack check calls: with the closure context, without, on the system stack. */
const morestackNames = new Set(['runtime.morestack', 'runtime.morestack_noctxt', 'runtime.morestackc']);

/** Finds the sites of one binary's functions. Holds the native memory of its decoder: close it with `using`. */
export class SiteFinder implements Disposable {
  readonly #binary: GoBinary;
  readonly #decoder: Amd64Decoder | undefined;
  /** By address of a call's target. Thousands of checks call the same few. */
  readonly #morestack = new Map<number, boolean>();

  constructor(binary: GoBinary) {
    this.#binary = binary;
    this.#decoder = binary.arch === 'amd64' ? new Amd64Decoder() : undefined;
  }

  /** Where to probe the function, or why it can't be. Offsets are from its entry. */
  find(fn: GoFunction): Found<FunctionSites> {
    const code = this.#codeOf(fn);
    return code.value === undefined
      ? code
      : findSites(code.value.decoder, code.value, (vaddr) => this.#isMorestack(vaddr));
  }

  /** Its entry alone: functions that never return have that. */
  findEntry(fn: GoFunction): Found<EntrySite> {
    const code = this.#codeOf(fn);
    return code.value === undefined
      ? code
      : findEntrySite(code.value.decoder, code.value, (vaddr) => this.#isMorestack(vaddr));
  }

  #isMorestack(vaddr: number): boolean {
    let known = this.#morestack.get(vaddr);
    if (known === undefined) {
      const fn = this.#binary.functionAt(vaddr);
      known = fn !== undefined && fn.entryVaddr === vaddr && morestackNames.has(fn.name);
      this.#morestack.set(vaddr, known);
    }
    return known;
  }

  #codeOf(fn: GoFunction): Found<FunctionCode & { readonly decoder: Amd64Decoder }> {
    const decoder = this.#decoder;
    if (decoder === undefined) return { unavailable: `no instruction decoder for ${this.#binary.arch} yet` };
    const { entryVaddr, isAssembly } = fn;
    if (isAssembly)
      return { unavailable: 'written in assembly: neither arguments nor goroutine are where Go puts them' };
    // Every Go symbol has a package; C functions linked in by cgo have none.
    if (!fn.name.includes('.')) return { unavailable: 'not a Go function' };
    const sizeBytes = fn.endVaddr - entryVaddr;
    if (sizeBytes <= 0 || sizeBytes > maxFunctionBytes) {
      return { unavailable: `its size of ${sizeBytes} bytes can't be right` };
    }
    return { value: { code: this.#binary.read(entryVaddr, sizeBytes), entryVaddr, isAssembly, decoder } };
  }

  [Symbol.dispose](): void {
    this.#decoder?.[Symbol.dispose]();
  }
}

/** Of the functions of one name the one that a user means: not the wrapper that the compiler made. */
export function preferredFunction(functions: readonly GoFunction[]): GoFunction | undefined {
  return (
    functions.find((fn) => !fn.isWrapper && !fn.isAssembly) ?? functions.find((fn) => !fn.isWrapper) ?? functions[0]
  );
}
