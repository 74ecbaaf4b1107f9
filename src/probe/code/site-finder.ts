import type { Found, GoBinary, GoFunction } from '../../binary/go-binary.ts';
import { Amd64Decoder } from './amd64/decoder.ts';
import { Arm64Decoder } from './arm64/decoder.ts';
import { type Abi, type CallingConvention, callingConvention, passesOnStack } from './calling-convention.ts';
import { type FloatPart, type FloatSites, findFloatSites } from './float-sites.ts';
import { flowGraph } from './flow-graph.ts';
import { describeInstructions, findInlinedSite, type InlinedSite, type InliningFunction } from './inlined-site.ts';
import { flow, type InstructionDecoder, type Instructions } from './instruction.ts';
import { type FunctionCode, type FunctionSites, findEntrySite, findSites } from './site.ts';

/** Larger functions are tables or generated code that nobody traces; decoding them would hold up the rest. */
const maxFunctionBytes = 4 << 20;

/** What a stack check calls: with the closure context, without, on the system stack. */
const morestackNames = new Set(['runtime.morestack', 'runtime.morestack_noctxt', 'runtime.morestackc']);

/** What the linker puts between code and a target too far for arm64's BL. */
const trampoline = /-tramp\d+$/;

/** What C compilers append to a function that they split or specialise. */
const partOfC = /\.(cold|part|constprop|isra|lto_priv)(\.\d+)*$/;

/** FuncFlag (src/internal/abi/symtab.go), from Go 1.17 on. */
const funcFlag = { topFrame: 1, writesSp: 2 } as const;

/** What these flags mark in later releases; before Go 1.18 there are none. asyncPreempt is entered by a signal. */
const stackSwitchers = new Set(
  (
    'asmcgocall asmcgocall_no_g asyncPreempt cgocallback cgocallback_gofunc debugCallV1 gogo goexit mcall morestack morestack_noctxt ' +
    'mstart rt0_go sigreturn sigtramp systemstack systemstack_switch'
  )
    .split(' ')
    .map((name) => `runtime.${name}`),
);

/** What the run-time ends a call by that went wrong. */
const endsInPanic = /^runtime\.(go)?([pP]anic|throw|fatal|racefuncpanic)/;

/** Since then inline marks are moved in front of a branch with code that is (ssa/branchelim.go; golang/go#74915). */
const firstSpeculating = 26;

/** ssa/licm.go */
const firstHoisting = 27;

/** NaN if it is unknown. */
function minorOf(goVersion: string): number {
  return Number(/^go1\.(\d+)/.exec(goVersion)?.[1] ?? Number.NaN);
}

/** Finds the sites of one binary's functions. Holds the native memory of its decoder: close it with `using`. */
export class SiteFinder implements Disposable {
  readonly #binary: GoBinary;
  readonly #decoder: InstructionDecoder;
  #convention: CallingConvention | undefined;
  /** Of the function that was asked for last: calls inlined into one come one after the other. */
  #inlining: { readonly fn: GoFunction; readonly found: Found<InliningFunction & { readonly abi: Abi }> } | undefined;
  /** By address of a call's target. Thousands of checks call the same few. */
  readonly #morestack = new Map<number, boolean>();

  constructor(binary: GoBinary) {
    this.#binary = binary;
    this.#decoder = binary.arch === 'amd64' ? new Amd64Decoder() : new Arm64Decoder();
  }

  /** How the binary's code passes arguments and the goroutine. */
  get convention(): CallingConvention {
    this.#convention ??= callingConvention(this.#binary);
    return this.#convention;
  }

  /** Where to probe the function, or why it can't be. Offsets are from its entry. */
  find(fn: GoFunction): Found<FunctionSites> {
    const code = this.#codeOf(fn);
    return code.value === undefined
      ? code
      : findSites(code.value.decoder, code.value, (vaddr) => this.#isMorestack(vaddr));
  }

  /** Its entry alone. */
  findEntry(fn: GoFunction): Found<FunctionSites> {
    const code = this.#codeOf(fn);
    return code.value === undefined
      ? code
      : findEntrySite(code.value.decoder, code.value, (vaddr) => this.#isMorestack(vaddr));
  }

  /** Offsets of the instructions with which the function calls another one. */
  callsOf(fn: GoFunction, callee: GoFunction): number[] {
    const code = this.#codeOf(fn);
    if (code.value === undefined) return [];
    const { count, offset, flow: kinds, target } = code.value.decoder.sweep(code.value.code);
    return Array.from({ length: count }, (_, n) => n)
      .filter((n) => kinds[n] === flow.call && fn.entryVaddr + (target[n] ?? 0) === callee.entryVaddr)
      .map((n) => offset[n] ?? 0);
  }

  /** Where the function calls what a pointer leads to: a method of an interface, or a function value. Arguments are in place there. */
  findIndirectCall(fn: GoFunction): Found<FunctionSites> {
    const found = this.#codeOf(fn);
    if (found.value === undefined) return found;
    const { code, decoder, abi } = found.value;
    const { count, offset: offsets, flow: kinds, target } = decoder.sweep(code);
    const calls = Array.from({ length: count }, (_, n) => n).filter((n) => kinds[n] === flow.call && target[n] === 0);
    const offset = offsets[calls[0] ?? 0];
    if (calls.length !== 1 || offset === undefined) return { unavailable: `it has ${calls.length} indirect calls` };
    const emulated = decoder.isEmulated(code, offset);
    return { value: { abi, entry: { offset, stackCheck: false, emulated, why: 'call' }, exits: [] } };
  }

  /** Where the floats can be read that the function gets and returns in registers. */
  findFloats(
    fn: GoFunction,
    sites: FunctionSites,
    parameters: readonly FloatPart[],
    results: readonly FloatPart[],
  ): FloatSites {
    const code = parameters.length + results.length > 0 ? this.#codeOf(fn) : undefined;
    if (code?.value === undefined) return { bodies: [], exits: new Map() };
    const readConstant = (vaddr: number, sizeBytes: number): bigint | undefined => {
      if (!this.#binary.isReadOnly(vaddr, sizeBytes)) return undefined;
      const bytes = Buffer.from(this.#binary.read(vaddr, sizeBytes));
      return sizeBytes === 8 ? bytes.readBigUInt64LE() : BigInt(bytes.readUInt32LE());
    };
    const { decoder } = code.value;
    return findFloatSites(decoder, decoder.values, { ...code.value, sites, parameters, results }, readConstant);
  }

  /**
   * Where to count a call that was inlined into a function, or why it can't be.
   * @param call its place in the function's inline tree
   */
  findInlined(into: GoFunction, call: number): Found<InlinedSite & { readonly abi: Abi }> {
    const inlining = this.#inliningOf(into);
    if (inlining.value === undefined) return inlining;
    const site = findInlinedSite(inlining.value, call);
    return site.value === undefined ? site : { value: { ...site.value, abi: inlining.value.abi } };
  }

  #inliningOf(fn: GoFunction): Found<InliningFunction & { readonly abi: Abi }> {
    if (this.#inlining?.fn.entryVaddr === fn.entryVaddr) return this.#inlining.found;
    const found = this.#readInlining(fn);
    this.#inlining = { fn, found };
    return found;
  }

  #readInlining(fn: GoFunction): Found<InliningFunction & { readonly abi: Abi }> {
    const { value: own, unavailable } = this.#codeOf(fn);
    if (own === undefined) return { unavailable };
    const { code, decoder, entryVaddr, abi } = own;
    const instructions = copied(decoder.sweep(code));
    const graph = flowGraph(instructions, code.length, {
      isMorestack: (offset) => this.#isMorestack(entryVaddr + offset),
      neverReturns: (offset) => this.#neverReturns(entryVaddr + offset),
    });
    if (graph === undefined) return { unavailable: 'the code that it is in can not be decoded' };
    const tree = this.#binary.inlineTree(fn);
    const lineAt = (offset: number) => this.#binary.sourceLine(entryVaddr + offset);
    const minor = minorOf(this.#binary.buildInfo.goVersion);
    // Of an unknown version anything is to be expected.
    const compiler = { speculates: !(minor < firstSpeculating), hoists: !(minor < firstHoisting) };
    const described = describeInstructions({ instructions, code, decoder, tree });
    return { value: { code, decoder, abi, instructions, graph, tree, ...described, lineAt, compiler } };
  }

  #neverReturns(vaddr: number): boolean {
    const fn = this.#binary.functionAt(vaddr);
    return fn !== undefined && endsInPanic.test(fn.name);
  }

  #isMorestack(vaddr: number): boolean {
    let known = this.#morestack.get(vaddr);
    if (known === undefined) {
      const fn = this.#binary.functionAt(vaddr);
      known = fn !== undefined && fn.entryVaddr === vaddr && morestackNames.has(fn.name.replace(trampoline, ''));
      this.#morestack.set(vaddr, known);
    }
    return known;
  }

  /** C functions that cgo or the race detector linked in: they have no package and no source line. */
  #isForeign({ name, entryVaddr }: GoFunction): boolean {
    if (!name.includes('.')) return true;
    return partOfC.test(name) && this.#binary.sourceLine(entryVaddr) === undefined;
  }

  #codeOf(fn: GoFunction): Found<FunctionCode & { readonly decoder: InstructionDecoder }> {
    const decoder = this.#decoder;
    const { entryVaddr, isAssembly } = fn;
    const { abi, threadG } = this.convention;
    if (switchesStacks(fn))
      return { unavailable: 'switches between stacks, or is entered by a signal: its calls can not be followed' };
    if (!isAssembly && this.#isForeign(fn)) return { unavailable: 'not a Go function' };
    const sizeBytes = fn.endVaddr - entryVaddr;
    if (sizeBytes <= 0 || sizeBytes > maxFunctionBytes) {
      return { unavailable: `its size of ${sizeBytes} bytes can't be right` };
    }
    const code = this.#binary.read(entryVaddr, sizeBytes);
    const isStack = isAssembly || passesOnStack(this.#binary.arch, fn.name, code);
    if (isStack && threadG.value === undefined) return threadG;
    return { value: { code, entryVaddr, isAssembly, abi: isStack ? 'stack' : abi, decoder } };
  }

  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
  }
}

function switchesStacks({ flags, name, isAssembly }: GoFunction): boolean {
  return (flags & (funcFlag.topFrame | funcFlag.writesSp)) !== 0 || (isAssembly && stackSwitchers.has(name));
}

/** Of the functions of one name the one that a user means: not the wrapper that the compiler made. */
export function preferredFunction(functions: readonly GoFunction[]): GoFunction | undefined {
  return (
    functions.find((fn) => !fn.isWrapper && !fn.isAssembly) ?? functions.find((fn) => !fn.isWrapper) ?? functions[0]
  );
}

/** A sweep's arrays are the decoder's until its next sweep. */
function copied({ count, offset, flow, target, undecodable }: Instructions): Instructions {
  return {
    count,
    undecodable,
    offset: offset.slice(0, count),
    flow: flow.slice(0, count),
    target: target.slice(0, count),
  };
}
