/** Every function's sites beside what the Go toolchain says of its instructions, and pclntab of its stack. */
import type { GoBinary, GoFunction } from '../../src/binary/go-binary.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { Amd64Decoder } from '../../src/probe/code/amd64/decoder.ts';
import { Arm64Decoder } from '../../src/probe/code/arm64/decoder.ts';
import type { InstructionDecoder } from '../../src/probe/code/instruction.ts';
import type { FunctionSites } from '../../src/probe/code/site.ts';
import { SiteFinder } from '../../src/probe/code/site-finder.ts';
import type { BinaryTruth } from './binary-truth.ts';
import { type Disassembled, type Disassembly, disassembly } from './go-disassembly.ts';
import { type StackDepths, stackDepthReader } from './stack-depths.ts';

const shownBytes = 16;

export async function compareSites(executable: string, names = ''): Promise<BinaryTruth> {
  using binary = openGoBinary(executable);
  using finder = new SiteFinder(binary);
  using decoder = binary.arch === 'amd64' ? new Amd64Decoder() : new Arm64Decoder();
  using stack = stackDepthReader(executable, binary.buildInfo.goVersion);
  const counts = new Map<string, number>();
  const add = (key: string, number = 1) => counts.set(key, (counts.get(key) ?? 0) + number);
  const mismatches: string[] = [];
  let functions = 0;

  const planned = new Map<number, FunctionSites>();
  for (const fn of binary.functions()) {
    functions += 1;
    const sites = finder.find(fn);
    for (const key of shapesOf(sites.value ?? sites.unavailable)) add(key);
    if (sites.value === undefined) continue;
    planned.set(fn.entryVaddr, sites.value);
    for (const wrong of wrongDepths(fn, sites.value, stack.of(fn), add)) mismatches.push(`${fn.name} ${wrong}`);
  }
  for await (const block of disassembly(executable, names)) {
    const fn = binary.functionAt(block.entryVaddr);
    if (fn === undefined || fn.entryVaddr !== block.entryVaddr) {
      add('disassembled: symbols that are no function of pclntab');
      continue;
    }
    add('disassembled: functions');
    const compared = comparable(block, binary.arch);
    const sites = planned.get(fn.entryVaddr);
    if (compared.length < block.instructions.length)
      add('disassembled: functions with bytes that objdump does not know');
    const code = binary.read(fn.entryVaddr, fn.endVaddr - fn.entryVaddr);
    if (sites === undefined) continue;
    mismatches.push(...wrongBoundaries(decoder, code, fn, compared, add));
    mismatches.push(...wrongSites(sites, fn, block, compared, add));
  }
  return { functions, counts, mismatches };
}

function shapesOf(sites: FunctionSites | string): string[] {
  if (typeof sites === 'string') return [`refused: ${sites.replaceAll(/0x[0-9a-f]+|\b\d+\b/g, 'N')}`];
  const { entry, exits, abi } = sites;
  const returns = exits.filter(({ kind }) => kind === 'return').length;
  const many = returns > 8 ? 'more than 8' : returns > 1 ? '2 to 8' : String(returns);
  const jumps = exits.length > returns ? ' and tail jumps' : '';
  const emulated = entry.stackCheck ? 'stack check' : entry.emulated ? 'emulated' : 'single-stepped';
  return [
    `entry: ${emulated}`,
    `exits: ${exits.length === 0 ? 'never returns' : `${many} RET${jumps}`}`,
    `abi: ${abi}`,
  ];
}

/** SP at the entry site, every RET and every tail jump is SP at entry. */
function* wrongDepths(
  fn: GoFunction,
  { entry, exits }: FunctionSites,
  depths: StackDepths,
  add: (key: string) => void,
): Generator<string> {
  for (const { offset, kind } of [{ offset: entry.offset, kind: 'entry' }, ...exits]) {
    const depth = depths(offset);
    add(depth === undefined ? `SP not told at: ${kind}` : `SP compared at: ${kind}`);
    if (depth !== undefined && depth !== 0)
      yield `+0x${offset.toString(16)} of ${fn.endVaddr - fn.entryVaddr}: SP is ${depth} below the entry's at this ${kind}`;
  }
}

/** Up to what the Go disassembler does not know: there it goes on a byte later. VEX and EVEX it takes for what they were in 32 bits. */
function comparable({ instructions }: Disassembly, arch: GoBinary['arch']): readonly Disassembled[] {
  const vector = arch === 'amd64' ? /^(c4|c5|62)/ : /^$/;
  const unknown = instructions.findIndex(({ text, bytes }) => text.includes('?') || vector.test(bytes));
  return unknown < 0 ? instructions : instructions.slice(0, unknown);
}

function* wrongBoundaries(
  decoder: InstructionDecoder,
  code: Uint8Array,
  fn: GoFunction,
  compared: readonly Disassembled[],
  add: (key: string, number?: number) => void,
): Generator<string> {
  const swept = decoder.sweep(code);
  add('compared: instructions', Math.min(compared.length, swept.count));
  for (let i = 0; i < compared.length; i++) {
    const offset = compared[i]!.vaddr - fn.entryVaddr;
    if (i < swept.count && swept.offset[i] === offset) continue;
    const at = swept.undecodable?.offset;
    if (i >= swept.count && at !== undefined) {
      yield `${fn.name} +0x${at.toString(16)}: not decoded: ${Buffer.from(code.subarray(at, at + shownBytes)).toString('hex')}`;
    } else {
      const ours = swept.offset[i] ?? 0;
      const bytes = Buffer.from(code.subarray(Math.max(0, ours - 8), ours + shownBytes)).toString('hex');
      yield `${fn.name} +0x${offset.toString(16)}: an instruction begins there, ours at +0x${ours.toString(16)}: ${bytes}`;
    }
    return;
  }
}

function* wrongSites(
  { entry, exits }: FunctionSites,
  fn: GoFunction,
  { name, instructions }: Disassembly,
  compared: readonly Disassembled[],
  add: (key: string, number?: number) => void,
): Generator<string> {
  const at = new Map(compared.map(({ vaddr, text }) => [vaddr - fn.entryVaddr, text]));
  const text = at.get(entry.offset);
  if (entry.stackCheck && text !== undefined && !/^(JBE|BLS)\b/.test(text)) yield `${fn.name}: entry at ${text}`;
  if (!entry.stackCheck) {
    const first = compared.slice(0, 6).map((each) => each.text);
    if (first.some((each) => /^CMPQ.*, 0x1[08]\(R14\)|^MOVD (?:16|24)\(R28\), R16/.test(each)))
      yield `${fn.name}: stack check missed`;
  }
  const end = compared.length === instructions.length ? fn.endVaddr : (compared.at(-1)?.vaddr ?? fn.entryVaddr);
  const returns = compared.filter((each) => /^RET\b/.test(each.text)).map(({ vaddr }) => vaddr - fn.entryVaddr);
  const ours = exits
    .filter(({ kind, offset }) => kind === 'return' && fn.entryVaddr + offset < end + 1)
    .map(({ offset }) => offset);
  add('compared: RETs', returns.length);
  if (returns.join() !== ours.join()) yield `${fn.name}: RETs at ${returns.join()}, ours ${ours.join()}`;
  const jumps = compared
    .filter(({ text: each }, i) => leaves(each, name, fn) && !isSwitch(compared[i - 1]?.text, each))
    .map(({ vaddr }) => vaddr - fn.entryVaddr);
  const ourJumps = exits
    .filter(({ kind, offset }) => kind === 'tail jump' && fn.entryVaddr + offset < end + 1)
    .map(({ offset }) => offset);
  add('compared: tail jumps', jumps.length);
  if (jumps.join() !== ourJumps.join()) yield `${fn.name}: tail jumps at ${jumps.join()}, ours ${ourJumps.join()}`;
}

/** A jump out of the function as objdump prints it: to another symbol, an address, a register or a pointer. */
function leaves(text: string, name: string, fn: GoFunction): boolean {
  const target = /^(?:JMP|B) (.+)$/.exec(text)?.[1];
  if (target === undefined) return false;
  if (target.endsWith('(PC)')) return false;
  if (target.startsWith('0x') && !target.includes('(')) {
    const vaddr = Number.parseInt(target, 16);
    return vaddr < fn.entryVaddr || vaddr >= fn.endVaddr;
  }
  if (target.endsWith('(SB)')) return target.slice(0, -4) !== name;
  // JMP (table)(index*8): a switch.
  return !/\*8\)$/.test(target);
}

/** arm64's switch by a table of addresses: `MOVD (R0)(R1<<3), R27`, `JMP (R27)`. */
function isSwitch(before: string | undefined, jump: string): boolean {
  const register = /^MOVD \(R\d+\)\(R\d+<<3\), (R\d+)$/.exec(before ?? '')?.[1];
  return register !== undefined && jump === `JMP (${register})`;
}
