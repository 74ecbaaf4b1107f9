/**
 * Names for the numbers of DWARF that are needed here: DWARF 5 §7.5 (tags: table 7.3, attributes: table 7.5) and Go's
 * own attributes (https://github.com/golang/go/blob/go1.26.0/src/cmd/internal/dwarf/dwarf.go#L304).
 */

export const Tag = {
  arrayType: 0x01,
  formalParameter: 0x05,
  member: 0x0d,
  pointerType: 0x0f,
  compileUnit: 0x11,
  structureType: 0x13,
  subroutineType: 0x15,
  typedef: 0x16,
  inlinedSubroutine: 0x1d,
  subrangeType: 0x21,
  baseType: 0x24,
  subprogram: 0x2e,
  variable: 0x34,
} as const;

export const Attribute = {
  location: 0x02,
  name: 0x03,
  byteSize: 0x0b,
  lowPc: 0x11,
  language: 0x13,
  producer: 0x25,
  abstractOrigin: 0x31,
  count: 0x37,
  dataMemberLocation: 0x38,
  type: 0x49,
  variableParameter: 0x4b,
  ranges: 0x55,
  strOffsetsBase: 0x72,
  addrBase: 0x73,
  rnglistsBase: 0x74,
  goKind: 0x2900,
  goKey: 0x2901,
  goElem: 0x2902,
  goEmbeddedField: 0x2903,
  goDictIndex: 0x2906,
} as const;

/** DW_LANG_Go: units of C code in the same file have another language. */
export const goLanguage = 0x16;
