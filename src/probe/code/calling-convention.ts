import type { Found, GoBinary } from '../../binary/go-binary.ts';

/** Where arguments and results are: `registers` is Go's ABIInternal since 1.17 (arm64: 1.18), `stack` its ABI0. */
export type Abi = 'registers' | 'stack';

/** What the code of a binary assumes; read from the code itself, as no table of the file says it. */
export interface CallingConvention {
  /** Of functions written in Go. Assembly that Go calls has ABI0 in every version. */
  readonly abi: Abi;
  /**
   * Where a thread keeps g while code of ABI0 runs, in bytes from its FS base: usually -8, else what the linker of a
   * program with thread-local variables of its own chose. arm64 keeps g in R28 in all code: 0.
   */
  readonly threadG: Found<number>;
}

/** Go functions that are in every program and check their stack. */
const checkingFunctions = ['runtime.main', 'runtime.gopanic', 'runtime.schedinit', 'main.main'];

/** Assembly of every version that gets g from thread-local storage. */
const threadLocalFunctions = ['runtime.systemstack', 'runtime.mcall', 'runtime.morestack', 'runtime.asmcgocall'];

/** A stack check is shorter. */
const checkBytes = 48;

const maxAssemblyBytes = 4096;

export function callingConvention(binary: GoBinary): CallingConvention {
  const hasRegisters = binary.arch === 'amd64' ? amd64HasRegisters : arm64HasRegisters;
  let abi: Abi = 'stack';
  for (const code of codeOf(binary, checkingFunctions, checkBytes)) if (hasRegisters(code.bytes)) abi = 'registers';
  if (binary.arch === 'arm64') return { abi, threadG: { value: 0 } };
  for (const { bytes, vaddr } of codeOf(binary, threadLocalFunctions, maxAssemblyBytes)) {
    const threadG = threadOffset(binary, bytes, vaddr);
    if (threadG !== undefined) return { abi, threadG: { value: threadG } };
  }
  return { abi, threadG: { unavailable: 'its code does not tell where a thread keeps the goroutine' } };
}

/** cgo's calls of C functions, but not those of its helpers that are written in Go. */
const cgoCall = /\._(C2?func_(?!CString$|CBytes$|GoString$|GoStringN$|GoBytes$|_CMalloc$)|cgo_cmalloc$)/;

/**
 * Whether a function written in Go has ABI0 in a program with the register ABI: `//go:cgo_unsafe_args`, which cgo's calls of
 * C functions have (https://github.com/golang/go/blob/go1.26.0/src/cmd/compile/internal/ssagen/abi.go#L161). Where it checks its
 * stack it has to fetch g; on arm64, where g is in its register anyway, only its name tells.
 */
export function passesOnStack(arch: GoBinary['arch'], name: string, code: Uint8Array): boolean {
  if (arch === 'arm64') return cgoCall.test(name);
  const check = stackCheckAt(code.subarray(0, checkBytes));
  return check !== -1 && fetchesR14(code.subarray(0, check));
}

function* codeOf(
  binary: GoBinary,
  names: readonly string[],
  maxBytes: number,
): Generator<{ readonly bytes: Uint8Array; readonly vaddr: number }> {
  for (const name of names) {
    for (const { entryVaddr, endVaddr } of binary.functionsNamed(name)) {
      const sizeBytes = Math.min(maxBytes, endVaddr - entryVaddr);
      if (sizeBytes > 0) yield { bytes: binary.read(entryVaddr, sizeBytes), vaddr: entryVaddr };
    }
  }
}

/**
 * `cmp rsp, [r14+10h]`, or r12 in place of rsp for large frames: g is in R14. Go 1.17 with GOEXPERIMENT=noregabi has the
 * same check, but fetches g into R14 first, as what passes everything on the stack does.
 */
function amd64HasRegisters(code: Uint8Array): boolean {
  const at = stackCheckAt(code);
  return at !== -1 && !fetchesR14(code.subarray(0, at));
}

function stackCheckAt(code: Uint8Array): number {
  return code.findIndex(
    (rex, i) =>
      (rex === 0x49 || rex === 0x4d) &&
      code[i + 1] === 0x3b &&
      code[i + 2] === 0x66 &&
      (code[i + 3] === 0x10 || code[i + 3] === 0x18),
  );
}

/** `mov r14, fs:[disp32]` or `mov r14, fs:[r]`. */
function fetchesR14(code: Uint8Array): boolean {
  return code.some(
    (prefix, i) =>
      prefix === 0x64 &&
      ((code[i + 1] ?? 0) & 0xfc) === 0x4c &&
      code[i + 2] === 0x8b &&
      (((code[i + 3] ?? 0) >> 3) & 7) === 6,
  );
}

/** `ldr x16, [x28, #16]`: the check's registers moved out of the way of arguments; before it was x1 or x2. */
function arm64HasRegisters(code: Uint8Array): boolean {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  for (let at = 0; at + 4 <= code.length; at += 4) if (view.getUint32(at, true) === 0xf940_0b90) return true;
  return false;
}

/**
 * The offset of the first access through FS. The forms that Go's assembler and the linkers' relaxations leave:
 * `mov r, fs:[disp32]`; `mov r, imm32; mov r, fs:[r]`; `mov r, [rip+got]; mov r, fs:[r]`.
 */
function threadOffset(binary: GoBinary, code: Uint8Array, vaddr: number): number | undefined {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  for (let at = 0; at + 9 <= code.length; at++) {
    const rex = code[at + 1] ?? 0;
    const modRm = code[at + 3] ?? 0;
    if (code[at] !== 0x64 || (rex & 0xf8) !== 0x48 || code[at + 2] !== 0x8b || modRm >> 6 !== 0) continue;
    if ((modRm & 7) === 4 && code[at + 4] === 0x25) return view.getInt32(at + 5, true);
    if (at < 7) continue;
    const base = modRm & 7;
    const [opcode, operand] = [code[at - 6], code[at - 5]];
    if (opcode === 0xc7 && operand === (0xc0 | base)) return view.getInt32(at - 4, true);
    if (opcode === 0x8b && operand === (0x05 | (base << 3))) {
      const offset = new DataView(binary.read(vaddr + at + view.getInt32(at - 4, true), 8).slice().buffer);
      // Zero in the file: the dynamic loader fills it in.
      const low = offset.getInt32(0, true);
      if (low !== 0) return low;
    }
  }
  return undefined;
}
