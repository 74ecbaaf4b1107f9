/** What elfy 1.0.0 returns for ELF64, as far as it is used: sh_addralign and sh_entsize are read at wrong offsets. */
declare module 'elfy' {
  export interface ElfyProgram {
    /** undefined for a p_type that elfy does not know. */
    readonly type: string | undefined;
    readonly offset: number;
    readonly vaddr: number;
    readonly filesz: number;
    readonly memsz: number;
    readonly flags: { readonly r?: true; readonly w?: true; readonly x?: true };
  }

  export interface ElfySection {
    readonly name: string;
    /** A number for an sh_type that elfy does not know. */
    readonly type: string | number;
    /** Unknown bits are named by their value in decimal. */
    readonly flags: { readonly [name: string]: true };
    readonly addr: number;
    readonly off: number;
    readonly size: number;
  }

  export interface Elfy {
    /** undefined where elfy has no name for the number. */
    readonly type: string | undefined;
    readonly machine: string | undefined;
    readonly body: { readonly programs: readonly ElfyProgram[]; readonly sections: readonly ElfySection[] };
  }

  const elfy: { parse(file: Buffer): Elfy };
  export default elfy;
}
