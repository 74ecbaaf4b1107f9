import { BinaryError, unlessDamaged } from './binary-error.ts';
import { DescribedType } from './described-type.ts';
import type { Found, PackageType } from './go-binary.ts';
import type { GoType, MethodTypes } from './go-type.ts';
import { methodTypes } from './method-signature.ts';
import { typesOfPackages } from './package-types.ts';
import type { TypeDescriptor, TypeReader } from './type-descriptor.ts';
import { likelyString, qualifiedName, typeName } from './type-name.ts';
import { allItabs, walkTypes } from './type-walk.ts';
import { hasText, nameStart } from './types-text.ts';

/** Types of different packages that have the same string. */
const maxNamesakes = 1000;

/** Each costs a look through the text of all types; with more of them the index of all names is cheaper. */
const maxSearchesInVain = 64;

/** Strings of 30 bytes: under 1 MB. What the first searches looked at, all later ones do. */
const maxListed = 4096;
const maxListedBytes = 256;

/** Names of all types of a program of 100 MB have 4 million characters; a hostile one could have far more. */
const maxIndexedCharacters = 64 * 1024 * 1024;

/** GoTypes from the run-time type descriptors of one program, which stripped programs have as well. */
export class RuntimeTypes {
  readonly #types: TypeReader;
  readonly #byAddress = new Map<number, GoType>();
  readonly #addresses = new Map<string, number | undefined>();
  /** Strings of the ordered list by their place in it: each search begins with the same few. */
  readonly #listed = new Map<number, Uint8Array>();
  #named: ReadonlyMap<string, number> | undefined;
  #unnamed: ReadonlyMap<string, number> | undefined;
  #missed = 0;
  #implementations: ReadonlyMap<string, readonly number[]> | undefined;

  constructor(types: TypeReader) {
    this.#types = types;
  }

  /** The type of that full name: `runtime.g`, `*errors.errorString`, `map[string][]string`. */
  named(name: string): GoType | undefined {
    const vaddr = this.address(name);
    return vaddr === undefined ? undefined : this.#typeAt(vaddr);
  }

  /** The type whose descriptor is at a linked address. */
  at(vaddr: number): Found<GoType> {
    if (!this.#types.isTypeAddress(vaddr)) {
      return { unavailable: 'its type is not one of the executable (made at run time, or of a plugin)' };
    }
    try {
      return { value: this.#typeAt(vaddr) };
    } catch (error) {
      if (error instanceof BinaryError) return { unavailable: `its type descriptor can't be read: ${error.what}` };
      throw error;
    }
  }

  /** Linked address of a type's descriptor. */
  address(name: string): number | undefined {
    if (!this.#addresses.has(name)) this.#addresses.set(name, this.#search(name));
    return this.#addresses.get(name);
  }

  /** Named types whose package's name and own name are that: `http.Request`. Also by a part of the path: `shop/cart.Item`. */
  called(shortName: string): GoType[] {
    const wanted = likelyString(shortName);
    const ofPath = (name: string) => shortName === wanted || name.endsWith(`/${shortName}`);
    const pointers = unlessDamaged(() => [...this.#namesakes(`*${wanted}`)]) ?? [];
    const listed = pointers.flatMap(({ kind, words }) => {
      const elem = kind === 'pointer' ? this.#types.descriptor(words[0]) : undefined;
      return elem?.named ? [this.#typeAt(elem.vaddr)] : [];
    });
    const found = listed.filter(({ name }) => ofPath(name));
    if (found.length > 0) return found;
    return [...this.#allNamed()].flatMap(([name, vaddr]) =>
      likelyString(name) === wanted && ofPath(name) ? [this.#typeAt(vaddr)] : [],
    );
  }

  /** Names of all named types. */
  names(): Iterable<string> {
    return this.#allNamed().keys();
  }

  /**
   * Types of a method by its receiver's type's name and the place of its code.
   * @param codeOffset from the start of the text
   */
  methodTypes(receiverName: string, codeOffset: number): Found<MethodTypes> {
    const vaddr = this.address(receiverName);
    if (vaddr === undefined)
      return { unavailable: `the program has no descriptor of its receiver's type ${receiverName}` };
    const types = this.#types;
    const typeAt = (other: number) => this.#typeAt(other);
    try {
      const found = methodTypes(types, types.descriptor(vaddr), codeOffset, typeAt);
      return found === undefined
        ? { unavailable: `the linker left it out of the methods of ${receiverName}: no interface needs it` }
        : { value: found };
    } catch (error) {
      if (error instanceof BinaryError) return { unavailable: `its type descriptor can't be read: ${error.what}` };
      throw error;
    }
  }

  *ofPackages(isWanted: (packagePath: string) => boolean): Generator<PackageType & { readonly type: GoType }> {
    for (const found of typesOfPackages(this.#types, isWanted)) yield { ...found, type: this.#typeAt(found.typeVaddr) };
  }

  implementations(interfaceName: string): { type: GoType; typeVaddr: number }[] {
    this.#implementations ??= implementationsByName(this.#types);
    const addresses = this.#implementations.get(interfaceName) ?? [];
    return addresses.map((typeVaddr) => ({ type: this.#typeAt(typeVaddr), typeVaddr }));
  }

  #typeAt(vaddr: number): GoType {
    let type = this.#byAddress.get(vaddr);
    if (type === undefined) {
      type = new DescribedType(this.#types, this.#types.descriptor(vaddr), (other) => this.#typeAt(other));
      this.#byAddress.set(vaddr, type);
    }
    return type;
  }

  /** By the linker's ordered list where the name allows it; by an index of all types, once built, where not. */
  #search(name: string): number | undefined {
    if (/^[\w~%]/.test(name) && !unnamedType.test(name)) return this.#searchNamed(name);
    const any = name === anyName ? this.#searchTypelinks(`[]${anyName}`, () => true) : undefined;
    if (any !== undefined) return any.words[0];
    const listed = this.#searchTypelinks(likelyString(name), (type) => typeName(this.#types, type.vaddr) === name);
    if (listed !== undefined) return listed.vaddr;
    const elem = name.startsWith('*') ? this.address(name.slice(1)) : undefined;
    const pointer = elem === undefined ? 0 : this.#types.descriptor(elem).pointerToThis;
    if (pointer !== 0) return pointer;
    // The descriptor of a pointer to a named type would lead to that type's, which the linker's list or the index has.
    if (/^\*[\w~%]/.test(name) && !unnamedType.test(name.slice(1))) return undefined;
    // The string of what is made of predeclared types is sure: a type without it does not exist, and needs no index.
    const isPlain = !/[./]/.test(name);
    if (this.#unnamed === undefined && isPlain && !hasText(this.#types, Buffer.from(name))) return undefined;
    this.#unnamed ??= indexOf(this.#types, false);
    return this.#unnamed.get(name);
  }

  #searchNamed(name: string): number | undefined {
    // The list is of unnamed types, but has the pointer to nearly every named one.
    const pointer = this.#searchTypelinks(`*${likelyString(name)}`, ({ kind, words }) => {
      if (kind !== 'pointer') return false;
      const elem = this.#types.descriptor(words[0]);
      return elem.named && qualifiedName(this.#types, elem) === name;
    });
    if (pointer !== undefined) return pointer.words[0];
    if (this.#named === undefined && this.#missed < maxSearchesInVain && !this.#mentions(name)) {
      this.#missed++;
      return undefined;
    }
    return this.#allNamed().get(name);
  }

  #allNamed(): ReadonlyMap<string, number> {
    this.#named ??= indexOf(this.#types, true);
    return this.#named;
  }

  /**
   * Whether the types' text has both the package path and the type's name. Most types that are asked for in vain, because
   * a program does not use them, are not mentioned at all: this spares them the index.
   */
  #mentions(name: string): boolean {
    const plain = name.slice(0, /\[|$/.exec(name)?.index);
    const dot = plain.lastIndexOf('.');
    if (dot <= 0 || plain.startsWith('go.shape.') || !/^[\w~%/.-]+$/.test(plain)) return true;
    const path = nameStart(this.#types, plain.slice(0, dot));
    return hasText(this.#types, path) && hasText(this.#types, Buffer.from(plain.slice(dot)));
  }

  /** The first type of the ordered list that has this string and is accepted. A damaged list finds nothing. */
  #searchTypelinks(text: string, accept: (type: TypeDescriptor) => boolean): TypeDescriptor | undefined {
    return unlessDamaged(() => {
      for (const type of this.#namesakes(text)) if (accept(type)) return type;
      return undefined;
    });
  }

  #listedString(index: number, vaddrOf: (index: number) => number): Uint8Array {
    let bytes = this.#listed.get(index);
    if (bytes === undefined) {
      bytes = this.#types.stringBytes(vaddrOf(index));
      const isKept = this.#listed.size < maxListed && bytes.length <= maxListedBytes;
      if (isKept) this.#listed.set(index, new Uint8Array(bytes));
    }
    return bytes;
  }

  /** Types of the ordered list that have this string. */
  *#namesakes(text: string): Generator<TypeDescriptor> {
    const { typelinks } = this.#types.range;
    if (typelinks === undefined) return;
    const wanted = Buffer.from(text);
    const types = this.#types;
    const vaddrOf = (index: number) => types.typeAtOffset(types.image.u32(typelinks.vaddr + index * 4) | 0);
    let low = 0;
    let high = typelinks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Buffer.compare(this.#listedString(middle, vaddrOf), wanted) < 0) low = middle + 1;
      else high = middle;
    }
    const last = Math.min(typelinks.length, low + maxNamesakes);
    for (; low < last; low++) {
      const vaddr = vaddrOf(low);
      if (Buffer.compare(types.stringBytes(vaddr), wanted) !== 0) return;
      yield types.descriptor(vaddr);
    }
  }
}

/** Addresses of concrete types by the name of the interface; the name of an interface is read once. */
function implementationsByName(types: TypeReader): ReadonlyMap<string, readonly number[]> {
  const byInterface = new Map<number, number[]>();
  for (const { interfaceVaddr, typeVaddr } of allItabs(types)) {
    if (!types.isTypeAddress(typeVaddr)) continue;
    const known = byInterface.get(interfaceVaddr);
    if (known === undefined) byInterface.set(interfaceVaddr, [typeVaddr]);
    else known.push(typeVaddr);
  }
  const byName = new Map<string, readonly number[]>();
  for (const [interfaceVaddr, addresses] of byInterface) {
    const name = unlessDamaged(() => typeName(types, interfaceVaddr));
    if (name !== undefined && !byName.has(name)) byName.set(name, addresses);
  }
  return byName;
}

/** Not in the linker's list, but slices of it are, in all programs that print something. */
const anyName = 'interface {}';

/** What a type that is written out, not named, begins with. */
const unnamedType = /^(map\[|chan |chan<-|func\(|struct \{|interface \{)/;

function indexOf(types: TypeReader, named: boolean): ReadonlyMap<string, number> {
  const index = new Map<string, number>();
  let characters = 0;
  for (const type of walkTypes(types)) {
    if (type.named !== named) continue;
    // One damaged descriptor must not hide the others.
    const name = unlessDamaged(() => typeName(types, type.vaddr));
    if (name !== undefined && !index.has(name)) index.set(name, type.vaddr);
    characters += name?.length ?? 1;
    if (characters > maxIndexedCharacters) break;
  }
  return index;
}
