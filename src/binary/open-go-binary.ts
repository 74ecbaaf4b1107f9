import type { ArgumentInfo } from './argument-slot.ts';
import { BinaryError, hex } from './binary-error.ts';
import { readBuildId } from './build-id.ts';
import { loadedBuildmode, readBuildInfo } from './build-info.ts';
import { buildInfoOfTables } from './build-version.ts';
import { codeFrames } from './code-frames.ts';
import { constantRange } from './constant-range.ts';
import { dictionaryType } from './dictionary-type.ts';
import { type Dwarf, hasDwarf, openDwarf } from './dwarf/dwarf.ts';
import { ElfFile } from './elf-file.ts';
import { argumentBytesOf, argumentInfoOf } from './function-data.ts';
import { genericType } from './generic-type.ts';
import type {
  AddressRange,
  BuildInfo,
  CodeFrame,
  Found,
  GoBinary,
  GoFunction,
  InlinedCall,
  InlineTree,
  NameEnds,
  PackageType,
  SourceLine,
} from './go-binary.ts';
import type { GenericType, GoSignature, GoType, MethodTypes } from './go-type.ts';
import { Image } from './image.ts';
import { inlinedCalls, inlineTreeOf, namedInlineTreeOf } from './inline-tree.ts';
import { findModuleData, type ModuleData } from './module-data.ts';
import { once } from './once.ts';
import {
  allFunctions,
  type FunctionTable,
  functionIndexAt,
  functionOfIndex,
  functionsByName,
  readFunctionTable,
} from './pclntab.ts';
import { RuntimeTypes } from './runtime-type.ts';
import { sourceLineAt } from './source-lines.ts';
import { TypeReader } from './type-descriptor.ts';

/**
 * Opens a Go executable: reads its ELF headers and build information, all else when it is asked for. A path of the form
 * /proc/PID/exe leads to what runs, also after the file was replaced on disk.
 *
 * Throws a BinaryError whose `kind` tells why not: `unreadable`, `not-elf`, `not-go`, `unsupported`, `damaged`.
 */
export function openGoBinary(path: string): GoBinary {
  const elf = new ElfFile(path);
  try {
    const image = new Image(elf);
    return new OpenGoBinary(elf, image, readBuildInfo(elf, image) ?? buildInfoOfTables(elf, image));
  } catch (error) {
    elf[Symbol.dispose]();
    throw error;
  }
}

class OpenGoBinary implements GoBinary {
  readonly path: string;
  readonly sizeBytes: number;
  readonly arch: 'amd64' | 'arm64';
  readonly positionIndependent: boolean;
  readonly buildInfo: BuildInfo;
  readonly #elf: ElfFile;
  readonly #image: Image;
  #buildId: string | undefined;
  readonly #moduleData: () => ModuleData;
  #functionTable: () => FunctionTable;
  readonly #runtimeTypes: () => RuntimeTypes;
  #dwarf: Dwarf | undefined;
  #lastRead: { readonly vaddr: number; readonly bytes: Uint8Array } | undefined;

  constructor(elf: ElfFile, image: Image, buildInfo: BuildInfo) {
    this.#elf = elf;
    this.#image = image;
    this.path = elf.path;
    this.sizeBytes = elf.sizeBytes;
    this.arch = elf.arch;
    this.positionIndependent = elf.positionIndependent;
    this.buildInfo = buildInfo;
    this.#moduleData = once(() => findModuleData(elf, image, buildInfo.goVersion));
    this.#functionTable = this.#unreadFunctions();
    this.#runtimeTypes = once(() => this.#openTypes());
  }

  get buildId(): string {
    this.#buildId ??= readBuildId(this.#elf);
    return this.#buildId;
  }

  get hasSymbols(): boolean {
    return this.#elf.section('.symtab') !== undefined;
  }

  get hasDwarf(): boolean {
    return hasDwarf(this.#elf);
  }

  get constants(): AddressRange {
    return constantRange(this.#elf.segments);
  }

  get functionCount(): number {
    return this.#moduleData().pclntab.functionCount;
  }

  functions(ends?: readonly NameEnds[]): Iterable<GoFunction> {
    const table = this.#functionTable();
    return { [Symbol.iterator]: () => allFunctions(table, ends) };
  }

  functionsNamed(name: string): readonly GoFunction[] {
    return functionsByName(this.#functionTable(), name);
  }

  functionAt(vaddr: number): GoFunction | undefined {
    const index = functionIndexAt(this.#functionTable(), vaddr);
    return index === undefined ? undefined : functionOfIndex(this.#functionTable(), index);
  }

  sourceLine(vaddr: number): SourceLine | undefined {
    return sourceLineAt(this.#image, this.#functionTable(), vaddr);
  }

  inlinedCalls(isWanted: (name: string) => boolean, ends?: readonly NameEnds[]): Iterable<InlinedCall> {
    return inlinedCalls(this.#image, this.#functionTable(), isWanted, ends);
  }

  codeFrames(vaddr: number): readonly CodeFrame[] {
    const fn = this.functionAt(vaddr);
    if (fn === undefined) return [];
    const { tree, callName } = namedInlineTreeOf(this.#image, this.#functionTable(), fn);
    return codeFrames({ fn, tree, callName, sourceLine: (at) => this.sourceLine(at) }, vaddr);
  }

  inlineTree(fn: GoFunction): InlineTree {
    return inlineTreeOf(this.#image, this.#functionTable(), fn);
  }

  runtimeType(name: string): GoType | undefined {
    return this.#runtimeTypes().named(name);
  }

  runtimeTypeAt(vaddr: number): Found<GoType> {
    return this.#runtimeTypes().at(vaddr);
  }

  dictionaryType(dictionaryVaddr: number, word: number): Found<GoType> {
    return dictionaryType(this.#image, this.#runtimeTypes(), dictionaryVaddr, word);
  }

  genericType(dictionaryVaddr: number, type: GenericType): Found<GoType> {
    return genericType(this.#image, this.#runtimeTypes(), dictionaryVaddr, type);
  }

  runtimeTypeAddress(name: string): number | undefined {
    return this.#runtimeTypes().address(name);
  }

  runtimeTypesCalled(name: string): readonly GoType[] {
    return this.#runtimeTypes().called(name);
  }

  runtimeTypeNames(): Iterable<string> {
    return this.#runtimeTypes().names();
  }

  runtimeTypesOf(isWanted: (packagePath: string) => boolean): Iterable<PackageType & { readonly type: GoType }> {
    return this.#runtimeTypes().ofPackages(isWanted);
  }

  methodTypes(receiverName: string, fn: GoFunction): Found<MethodTypes> {
    return this.#runtimeTypes().methodTypes(receiverName, fn.entryVaddr - this.#moduleData().textVaddr);
  }

  implementations(interfaceName: string): readonly { readonly type: GoType; readonly typeVaddr: number }[] {
    return this.#runtimeTypes().implementations(interfaceName);
  }

  argumentBytes(fn: GoFunction): number | undefined {
    return argumentBytesOf(this.#image, this.#functionTable(), fn);
  }

  argumentInfo(fn: GoFunction): Found<ArgumentInfo> {
    return argumentInfoOf(this.#image, this.#functionTable(), fn);
  }

  signature(fn: GoFunction): Found<GoSignature> {
    this.#dwarf ??= openDwarf(this.#elf);
    return this.#dwarf.signature(fn);
  }

  argumentOffsets(fn: GoFunction): ReadonlyMap<string, number> {
    this.#dwarf ??= openDwarf(this.#elf);
    return this.#dwarf.argumentOffsets(fn);
  }

  read(vaddr: number, sizeBytes: number): Uint8Array {
    // Sites and then arguments of a function are found by its code.
    if (this.#lastRead?.vaddr !== vaddr || this.#lastRead.bytes.length !== sizeBytes) {
      this.#lastRead = { vaddr, bytes: this.#elf.read(vaddr, sizeBytes) };
    }
    return this.#lastRead.bytes;
  }

  isReadOnly(vaddr: number, sizeBytes: number): boolean {
    return this.#elf.segmentAt(vaddr, sizeBytes)?.writable === false;
  }

  fileOffset(vaddr: number): number {
    return this.#elf.fileOffset(vaddr);
  }

  release(): void {
    this.#functionTable = this.#unreadFunctions();
    this.#lastRead = undefined;
    this.#image.release();
    this.#dwarf?.release();
  }

  #unreadFunctions(): () => FunctionTable {
    return once(() => readFunctionTable(this.#image, this.#moduleData()));
  }

  #openTypes(): RuntimeTypes {
    const { types, vaddr } = this.#moduleData();
    if (types !== undefined) return new RuntimeTypes(new TypeReader(this.#image, types));
    const place = { file: this.path, section: 'moduledata', offset: vaddr };
    const buildmode = loadedBuildmode(this.buildInfo);
    const what = `no known layout fits moduledata at ${hex(vaddr)}, nor does the binary describe its own`;
    const remedy =
      buildmode === undefined
        ? `Please report the binary: ${this.buildInfo.goVersion} may be newer than this release of Sidespan.`
        : `The types of a ${buildmode} are put together when it is loaded.`;
    throw new BinaryError(what, place, remedy, { kind: 'unsupported' });
  }

  [Symbol.dispose](): void {
    this.#elf[Symbol.dispose]();
  }
}
