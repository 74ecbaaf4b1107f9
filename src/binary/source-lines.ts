import { BinaryError, hex } from './binary-error.ts';
import type { Cursor } from './cursor.ts';
import type { SourceLine } from './go-binary.ts';
import type { Image } from './image.ts';
import type { ModuleData } from './module-data.ts';
import { type FunctionTable, functionIndexAt } from './pclntab.ts';

/** Bytes of one pc-value table that are read at most: the largest function known has some 100 KiB. */
const maxPcTableBytes = 4 * 1024 * 1024;
const firstPcTableBytes = 512;
const maxPathBytes = 16 * 1024;
const usualPathBytes = 256;

/** A compile unit's file list has ~0 for files that no function of the program is from. */
const noFile = 0xffffffff;

/**
 * The source line of an instruction, as the runtime's tracebacks give it: of code that was inlined, the place where it
 * was written. Undefined outside of the text and where the compiler recorded none.
 */
export function sourceLineAt(image: Image, table: FunctionTable, vaddr: number): SourceLine | undefined {
  const index = functionIndexAt(table, vaddr);
  if (index === undefined) return undefined;
  const { func: layout } = table.module.pclntab.layout;
  const record = table.module.functions.vaddr + (table.recordOffsets[index] ?? 0);
  const cursor = image.cursor(record, layout.sizeBytes);
  const pcFile = cursor.seek(record + layout.pcFile).u32();
  const pcLine = cursor.seek(record + layout.pcLine).u32();
  const compileUnit = layout.compileUnit === undefined ? 0 : cursor.seek(record + layout.compileUnit).u32();

  const pc = vaddr - table.module.textVaddr - (table.entryOffsets[index] ?? 0);
  const fileNumber = pcValue(image, table.module, pcFile, pc);
  const line = pcValue(image, table.module, pcLine, pc);
  if (fileNumber === undefined || line === undefined || fileNumber < 0 || line < 0) return undefined;
  const file = filePath(image, table.module, compileUnit + fileNumber);
  return file === undefined ? undefined : { file, line };
}

/**
 * The value that a pc-value table (src/runtime/symtab.go, `step`) gives for a pc counted from the function's entry:
 * pairs of a zigzag value delta and a pc delta, from value -1 on; a value delta 0 that is not the first ends it. A table
 * offset of 0 means that there is none.
 */
function pcValue(image: Image, module: ModuleData, offset: number, pc: number): number | undefined {
  if (offset === 0) return undefined;
  const { vaddr, length } = module.pcTables;
  if (offset >= length) {
    const what = `a pc-value table at ${hex(offset)} is past the end ${hex(length)}`;
    throw new BinaryError(what, { file: image.path, section: 'pctab', offset });
  }
  // Most tables are short and most questions are about the first instructions: begin with little, read on if need be.
  for (let size = firstPcTableBytes; ; size *= 32) {
    const available = Math.min(size, length - offset, maxPcTableBytes);
    const cursor = image.cursor(vaddr + offset, available);
    const whole = available < size || available === maxPcTableBytes;
    const found = step(cursor, pc, module.pclntab.instructionBytes, whole);
    if (found !== 'read on') return found;
  }
}

/** What a pc-value table gives for a function's first instruction. */
export function firstPcValue(image: Image, module: ModuleData, offset: number): number | undefined {
  return pcValue(image, module, offset, 0);
}

function step(cursor: Cursor, pc: number, unit: number, whole: boolean): number | undefined | 'read on' {
  let value = -1;
  let at = 0;
  for (let first = true; ; first = false) {
    // Two numbers of up to five bytes each: with fewer left the piece may end within one.
    if (!whole && cursor.remaining < 10) return 'read on';
    const delta = cursor.uleb();
    if (delta === 0 && !first) return undefined;
    value += delta % 2 === 0 ? delta / 2 : -(delta + 1) / 2;
    const advance = cursor.uleb();
    if (advance === 0) cursor.fail('a pc-value table does not advance');
    at += advance * unit;
    if (pc < at) return value;
  }
}

/** The path that was read last of each program: functions of one file stand together. */
const lastPaths = new WeakMap<ModuleData, { readonly offset: number; readonly path: string }>();

/** The file with a number of the compile units' list; undefined for a number that stands for none. */
export function filePath(image: Image, module: ModuleData, unitIndex: number): string | undefined {
  const { compileUnits, fileNames } = module;
  if (unitIndex >= compileUnits.length) {
    const what = `file number ${unitIndex} is past the end of the compile units' ${compileUnits.length} files`;
    throw new BinaryError(what, { file: image.path, section: 'cutab' });
  }
  const offset = image.cursor(compileUnits.vaddr + unitIndex * 4, 4).u32();
  if (offset === noFile) return undefined;
  if (offset >= fileNames.length) {
    const what = `a file name is said to be at ${hex(offset)}, past the end ${hex(fileNames.length)}`;
    throw new BinaryError(what, { file: image.path, section: 'filetab', offset });
  }
  const last = lastPaths.get(module);
  if (last?.offset === offset) return last.path;
  const available = Math.min(fileNames.length - offset, maxPathBytes);
  const usual = image.bytes(fileNames.vaddr + offset, Math.min(available, usualPathBytes));
  const sizeBytes = usual.includes(0) ? usual.length : available;
  const path = image.cursor(fileNames.vaddr + offset, sizeBytes).cString(maxPathBytes);
  lastPaths.set(module, { offset, path });
  return path;
}
