import type { Cursor } from '../cursor.ts';

/** How many bytes a value takes: a number, or how to find out. */
type Size = number | 'offset' | 'leb' | 'string' | 'block1' | 'block2' | 'block4' | 'block' | 'unknown';

/** What the bytes mean. `elsewhere`: in another file or a type unit, where Go never keeps anything. */
type Meaning =
  | 'address'
  | 'address index'
  | 'constant'
  | 'signed'
  | 'flag'
  | 'present'
  | 'implicit'
  | 'text'
  | 'text offset'
  | 'line text offset'
  | 'text index'
  | 'unit reference'
  | 'info reference'
  | 'section offset'
  | 'list index'
  | 'block'
  | 'elsewhere';

export interface Form {
  readonly name: string;
  readonly size: Size;
  readonly meaning: Meaning;
}

/** DWARF 5 §7.5.6, table 7.6. DW_FORM_indirect (0x16) is left out on purpose: Go doesn't write it, and it can nest. */
const rows: readonly (readonly [code: number, name: string, size: Size, meaning: Meaning])[] = [
  [0x01, 'addr', 8, 'address'],
  [0x03, 'block2', 'block2', 'block'],
  [0x04, 'block4', 'block4', 'block'],
  [0x05, 'data2', 2, 'constant'],
  [0x06, 'data4', 4, 'constant'],
  [0x07, 'data8', 8, 'constant'],
  [0x08, 'string', 'string', 'text'],
  [0x09, 'block', 'block', 'block'],
  [0x0a, 'block1', 'block1', 'block'],
  [0x0b, 'data1', 1, 'constant'],
  [0x0c, 'flag', 1, 'flag'],
  [0x0d, 'sdata', 'leb', 'signed'],
  [0x0e, 'strp', 'offset', 'text offset'],
  [0x0f, 'udata', 'leb', 'constant'],
  [0x10, 'ref_addr', 'offset', 'info reference'],
  [0x11, 'ref1', 1, 'unit reference'],
  [0x12, 'ref2', 2, 'unit reference'],
  [0x13, 'ref4', 4, 'unit reference'],
  [0x14, 'ref8', 8, 'unit reference'],
  [0x15, 'ref_udata', 'leb', 'unit reference'],
  [0x17, 'sec_offset', 'offset', 'section offset'],
  [0x18, 'exprloc', 'block', 'block'],
  [0x19, 'flag_present', 0, 'present'],
  [0x1a, 'strx', 'leb', 'text index'],
  [0x1b, 'addrx', 'leb', 'address index'],
  [0x1c, 'ref_sup4', 4, 'elsewhere'],
  [0x1d, 'strp_sup', 'offset', 'elsewhere'],
  [0x1e, 'data16', 16, 'block'],
  [0x1f, 'line_strp', 'offset', 'line text offset'],
  [0x20, 'ref_sig8', 8, 'elsewhere'],
  [0x21, 'implicit_const', 0, 'implicit'],
  [0x22, 'loclistx', 'leb', 'list index'],
  [0x23, 'rnglistx', 'leb', 'list index'],
  [0x24, 'ref_sup8', 8, 'elsewhere'],
  [0x25, 'strx1', 1, 'text index'],
  [0x26, 'strx2', 2, 'text index'],
  [0x27, 'strx3', 3, 'text index'],
  [0x28, 'strx4', 4, 'text index'],
  [0x29, 'addrx1', 1, 'address index'],
  [0x2a, 'addrx2', 2, 'address index'],
  [0x2b, 'addrx3', 3, 'address index'],
  [0x2c, 'addrx4', 4, 'address index'],
  // Written by GCC and binutils' dwz for a supplementary file.
  [0x1f20, 'GNU_ref_alt', 'offset', 'elsewhere'],
  [0x1f21, 'GNU_strp_alt', 'offset', 'elsewhere'],
];

const forms: ReadonlyMap<number, Form> = new Map(
  rows.map(([code, name, size, meaning]) => [code, { name: `DW_FORM_${name}`, size, meaning }]),
);

/** An unknown form (of another compiler's units) is an error only when a value of it must be read or passed over. */
export function formOf(code: number): Form {
  return forms.get(code) ?? { name: `0x${code.toString(16)}`, size: 'unknown', meaning: 'elsewhere' };
}

/** Form code of DW_FORM_implicit_const, whose value stands in the abbreviation table. */
export const implicitConstForm = 0x21;

/** Bytes of a form whose size does not depend on the value. `offsetBytes`: 4, in 64-bit DWARF 8. */
export function fixedSize(form: Form, offsetBytes: number): number | undefined {
  if (typeof form.size === 'number') return form.size;
  return form.size === 'offset' ? offsetBytes : undefined;
}

/** Passes over a value whose size depends on itself. */
export function skipValue(cursor: Cursor, form: Form): void {
  switch (form.size) {
    case 'leb':
      cursor.skipLeb();
      return;
    case 'string':
      // Not decoded, so no limit: type names spell out whole structs.
      cursor.skipCString(Number.POSITIVE_INFINITY);
      return;
    case 'block1':
    case 'block2':
    case 'block4':
    case 'block':
      cursor.skip(blockLength(cursor, form.size));
      return;
    default:
      cursor.fail(`the size of a value of the form ${form.name} is unknown`);
  }
}

/** An unsigned number of the form's size; of 'offset' as wide as the unit has it. */
export function readNumber(cursor: Cursor, form: Form, offsetBytes: number): number {
  const size = form.size === 'offset' ? offsetBytes : form.size;
  switch (size) {
    case 1:
      return cursor.u8();
    case 2:
      return cursor.u16();
    case 3:
      return cursor.u24();
    case 4:
      return cursor.u32();
    case 8:
      return cursor.u64();
    case 'leb':
      return form.meaning === 'signed' ? cursor.sleb() : cursor.uleb();
    default:
      cursor.fail(`a value of the form ${form.name} is no number`);
  }
}

/** Of a value whose form means a block; the cursor is then at its bytes. */
export function blockLength(cursor: Cursor, size: Size): number {
  switch (size) {
    case 'block1':
      return cursor.u8();
    case 'block2':
      return cursor.u16();
    case 'block4':
      return cursor.u32();
    default:
      return cursor.uleb();
  }
}
