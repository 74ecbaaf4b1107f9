import { BinaryError, hex } from './binary-error.ts';
import type { Cursor } from './cursor.ts';
import { goKindMask, goKinds } from './go-kinds.ts';
import type { GoKind } from './go-type.ts';
import type { Image } from './image.ts';
import type { ImageSlice } from './module-reader.ts';
import {
  directFlag,
  embeddedNameFlag,
  extraStarFlag,
  fieldBytes,
  interfaceMethodBytes,
  kindBytes,
  kindWords,
  methodBytes,
  namedFlag,
  typeBytes,
  uncommonBytes,
  uncommonFlag,
} from './type-layout.ts';
import type { TypesRange } from './types-range.ts';

/** Of abi.Type: TFlag and Str. */
const flagsAt = 20;
const stringAt = 40;

/** Type strings of large anonymous structs and generic types have some 10 KiB. */
const maxNameBytes = 64 * 1024;
const usualNameBytes = 128;

/** Fields of structs and methods of interfaces; generated code (protobuf, configuration) has some 1,000. */
const maxMembers = 16 * 1024;
const maxMemberNameBytes = 4 * 1024;

/** What all descriptors have in common. */
export interface TypeDescriptor {
  readonly vaddr: number;
  readonly kind: GoKind;
  readonly sizeBytes: number;
  readonly alignBytes: number;
  readonly flags: number;
  readonly named: boolean;
  /** Interfaces hold the value itself in their data word. */
  readonly isDirect: boolean;
  /** Offset of the type's string from the types' start. */
  readonly nameOffset: number;
  /** Linked address of the descriptor of the pointer to this type; 0 if the program has none. */
  readonly pointerToThis: number;
  /**
   * The words behind abi.Type. Array: elem, slice, length; chan: elem, direction; map: key, elem, bucket or group; pointer and slice: elem;
   * struct and interface: package path, address and length of the list of members. Zeros where a kind has fewer.
   */
  readonly words: readonly [number, number, number];
}

export interface FieldDescriptor {
  readonly name: string;
  readonly embedded: boolean;
  readonly offsetBytes: number;
  readonly typeVaddr: number;
}

export interface UncommonPart {
  /** Offset of the package path from the types' start, 0 for predeclared types. */
  readonly packagePathOffset: number;
  readonly methodCount: number;
  readonly methodsVaddr: number;
}

/** Reads the type descriptors of one program. All addresses are linked ones and checked to lie among the types. */
export class TypeReader {
  readonly image: Image;
  readonly range: TypesRange;

  constructor(image: Image, range: TypesRange) {
    this.image = image;
    this.range = range;
  }

  /** Whether a descriptor can be there: an 8-byte aligned address among the types. */
  isTypeAddress(vaddr: number): boolean {
    return vaddr % 8 === 0 && vaddr >= this.range.startVaddr && vaddr <= this.range.endVaddr - typeBytes;
  }

  /** The descriptor at a linked address, or a BinaryError if what is there can't be one. */
  descriptor(vaddr: number): TypeDescriptor {
    if (!this.isTypeAddress(vaddr)) this.#fail(vaddr, 'there is no type descriptor: the types lie elsewhere');
    const available = Math.min(typeBytes + 24, this.range.endVaddr - vaddr);
    const cursor = this.image.cursor(vaddr, available);
    const sizeBytes = cursor.u64();
    const flags = cursor.skip(12).u8();
    const alignBytes = cursor.u8();
    const kindByte = cursor.skip(1).u8();
    const kind = goKinds[kindByte & goKindMask];
    if (kind === undefined) this.#fail(vaddr, 'the type descriptor has an unknown kind');
    const nameOffset = cursor.skip(16).u32();
    const pointerToThis = this.#typeAtOffset(cursor.i32());
    const wordCount = kindWords[kind] ?? 0;
    const words = [
      wordCount > 0 ? cursor.u64() : 0,
      wordCount > 1 ? cursor.u64() : 0,
      wordCount > 2 ? cursor.u64() : 0,
    ] as const;
    const named = (flags & namedFlag) !== 0;
    // Of Kind up to Go 1.25, of TFlag since.
    const isDirect = ((flags | kindByte) & directFlag) !== 0;
    return { vaddr, kind, sizeBytes, alignBytes, flags, named, isDirect, nameOffset, pointerToThis, words };
  }

  /** The type's own string: package name (not path) and name, `http.Request`; for unnamed types as in source. */
  string({ nameOffset, flags, vaddr }: TypeDescriptor): string {
    const text = this.#nameAtOffset(nameOffset, vaddr);
    return (flags & extraStarFlag) !== 0 ? text.slice(1) : text;
  }

  /** The bytes of `string` for the type at a linked address. Not to be kept: for comparing it with many. */
  stringBytes(vaddr: number): Uint8Array {
    if (!this.isTypeAddress(vaddr)) this.#fail(vaddr, 'there is no type descriptor: the types lie elsewhere');
    const bytes = this.#nameBytes(this.#nameVaddr(this.image.u32(vaddr + stringAt), vaddr), maxNameBytes);
    return (this.image.u32(vaddr + flagsAt) & extraStarFlag) === 0 ? bytes : bytes.subarray(1);
  }

  /** Undefined where a type has neither name nor methods. */
  uncommon({ vaddr, kind, flags }: TypeDescriptor): UncommonPart | undefined {
    if ((flags & uncommonFlag) === 0) return undefined;
    const at = vaddr + this.#kindBytes(kind);
    const cursor = this.image.cursor(at, uncommonBytes);
    const packagePathOffset = cursor.u32();
    const methodCount = cursor.u16();
    const methodsVaddr = at + cursor.skip(2).u32();
    return { packagePathOffset, methodCount, methodsVaddr };
  }

  /** Import path of the package that a named type is declared in; empty for predeclared ones. */
  packagePath(type: TypeDescriptor): string {
    const uncommon = type.named ? this.uncommon(type) : undefined;
    const offset = uncommon?.packagePathOffset ?? 0;
    return offset === 0 ? '' : this.#nameAtOffset(offset, type.vaddr);
  }

  fields(type: TypeDescriptor): FieldDescriptor[] {
    return this.#rows(this.#list(type), fieldBytes, (cursor) => {
      const nameVaddr = cursor.u64();
      const typeVaddr = cursor.u64();
      const offset = cursor.u64();
      const { name, embedded } = this.#fieldName(nameVaddr);
      return this.range.layout.embeddedInFieldOffset
        ? { name, typeVaddr, offsetBytes: Math.floor(offset / 2), embedded: offset % 2 === 1 }
        : { name, typeVaddr, offsetBytes: offset, embedded };
    });
  }

  /** Types of the fields alone, without decoding their names. */
  fieldTypes(type: TypeDescriptor): number[] {
    return this.#rows(this.#list(type), fieldBytes, (cursor) => cursor.skip(8).u64());
  }

  /** Number of a struct's fields, an interface's methods, a function's parameters and results; else 0. */
  memberCount(type: TypeDescriptor): number {
    if (type.kind === 'struct' || type.kind === 'interface') return this.#list(type).length;
    if (type.kind !== 'func') return 0;
    const { parameterCount, resultCount } = this.#functionCounts(type);
    return parameterCount + resultCount;
  }

  /** Names and types of an interface's methods. */
  interfaceMethods(type: TypeDescriptor): { readonly name: string; readonly typeVaddr: number }[] {
    return this.#rows(this.#list(type), interfaceMethodBytes, (cursor) => {
      const name = this.#nameAtOffset(cursor.u32(), type.vaddr, maxMemberNameBytes);
      return { name, typeVaddr: this.#typeAtOffset(cursor.i32()) };
    });
  }

  /** Types of an interface's methods; 0 where the linker left one out. */
  interfaceMethodTypes(type: TypeDescriptor): number[] {
    const list = this.#list(type);
    return this.#rows(list, interfaceMethodBytes, (cursor) => this.#typeAtOffset(cursor.skip(4).i32()));
  }

  /** Types of a named type's methods; 0 where the linker left one out. */
  methodTypes(type: TypeDescriptor): number[] {
    const uncommon = this.uncommon(type);
    if (uncommon === undefined || uncommon.methodCount === 0) return [];
    const list = { vaddr: uncommon.methodsVaddr, length: uncommon.methodCount };
    return this.#rows(list, methodBytes, (cursor) => this.#typeAtOffset(cursor.skip(4).i32()));
  }

  /** Types of parameters and results; they lie behind the uncommon part. */
  functionTypes(type: TypeDescriptor): { parameters: number[]; results: number[]; variadic: boolean } {
    const { parameterCount, resultCount, variadic } = this.#functionCounts(type);
    const at = type.vaddr + this.#kindBytes('func') + ((type.flags & uncommonFlag) === 0 ? 0 : uncommonBytes);
    const list = { vaddr: at, length: parameterCount + resultCount };
    const all = this.#rows(list, 8, (cursor) => cursor.u64());
    return {
      parameters: all.slice(0, parameterCount),
      results: all.slice(parameterCount),
      variadic,
    };
  }

  /** Bytes from this descriptor to the next one where they lie one after the other (Go 1.27). */
  extentBytes(type: TypeDescriptor): number {
    const uncommon = this.uncommon(type);
    const memberBytes = { struct: fieldBytes, interface: interfaceMethodBytes, func: 8 }[type.kind as string] ?? 0;
    const size = this.#kindBytes(type.kind) + this.memberCount(type) * memberBytes;
    const methods = uncommon === undefined ? 0 : uncommonBytes + uncommon.methodCount * methodBytes;
    return Math.ceil((size + methods) / 8) * 8;
  }

  /** int32 elements of typelinks as addresses. */
  typeAtOffset(offset: number): number {
    return this.#typeAtOffset(offset);
  }

  #functionCounts(type: TypeDescriptor): { parameterCount: number; resultCount: number; variadic: boolean } {
    const cursor = this.image.cursor(type.vaddr + typeBytes, 4);
    const parameterCount = cursor.u16();
    const resultWord = cursor.u16();
    return { parameterCount, resultCount: resultWord & 0x7fff, variadic: resultWord > 0x7fff };
  }

  #kindBytes(kind: GoKind): number {
    if (kind === 'map') return this.range.layout.mapTypeBytes;
    return kindBytes[kind] ?? typeBytes;
  }

  /** Fields of a struct, methods of an interface: a slice behind PkgPath. */
  #list({ vaddr, words }: TypeDescriptor): ImageSlice {
    const [, start, length] = words;
    if (length > maxMembers) {
      this.#fail(vaddr, `the type claims ${length} members, more than the limit of ${maxMembers}`);
    }
    return { vaddr: start, length };
  }

  /** Reads each row of a list by a cursor that stands at the row's start. */
  #rows<T>({ vaddr, length }: ImageSlice, rowBytes: number, read: (cursor: Cursor) => T): T[] {
    const rows: T[] = [];
    if (length === 0) return rows;
    const cursor = this.image.cursor(vaddr, length * rowBytes);
    for (let index = 0; index < length; index++) rows.push(read(cursor.seek(vaddr + index * rowBytes)));
    return rows;
  }

  /** 0 for none: offsets 0 and -1 stand for it, and others lie outside of the program. */
  #typeAtOffset(offset: number): number {
    const vaddr = this.range.startVaddr + offset;
    return offset > 0 && this.isTypeAddress(vaddr) ? vaddr : 0;
  }

  #nameAtOffset(offset: number, typeVaddr: number, limitBytes: number = maxNameBytes): string {
    return this.#nameText(this.#nameVaddr(offset, typeVaddr), limitBytes);
  }

  #nameVaddr(offset: number, typeVaddr: number): number {
    const vaddr = this.range.startVaddr + offset;
    if (offset === 0 || vaddr >= this.range.endVaddr) {
      this.#fail(typeVaddr, `a name of the type is said to be at offset ${hex(offset)}, outside of the types`);
    }
    return vaddr;
  }

  #fieldName(vaddr: number): { name: string; embedded: boolean } {
    const flags = this.image.cursor(vaddr, 1).u8();
    return { name: this.#nameText(vaddr, maxMemberNameBytes), embedded: (flags & embeddedNameFlag) !== 0 };
  }

  #nameText(vaddr: number, limitBytes: number): string {
    const { cursor, length } = this.#nameCursor(vaddr, limitBytes);
    return cursor.text(length);
  }

  #nameBytes(vaddr: number, limitBytes: number): Uint8Array {
    const { cursor, length } = this.#nameCursor(vaddr, limitBytes);
    return cursor.bytes(length);
  }

  /** A cursor in front of a name's text. */
  #nameCursor(vaddr: number, limitBytes: number): { readonly cursor: Cursor; readonly length: number } {
    const cursor = this.image.cursorUpTo(vaddr, usualNameBytes);
    cursor.skip(1);
    const length = this.range.layout.nameLength === 'varint' ? cursor.uleb() : cursor.u16BigEndian();
    if (length > limitBytes) cursor.fail(`a name of ${length} bytes is longer than the limit of ${limitBytes}`);
    return { cursor: length <= cursor.remaining ? cursor : this.image.cursor(cursor.offset, length), length };
  }

  #fail(vaddr: number, what: string): never {
    throw new BinaryError(what, { file: this.image.path, section: 'types', offset: vaddr });
  }
}
