import { flow } from '../instruction.ts';

/**
 * How amd64 instructions are laid out: Intel SDM vol. 2, chapter 2 and appendix A. Only what compilers and Go's
 * assembler emit stands here; for all else there is iced-x86. `test/probe/code/amd64/lengths.test.ts` holds every row beside it.
 */

/** What follows the opcode, as bits: a ModRM byte (with SIB and displacement), and an immediate. */
export const layout = {
  /** No row: iced-x86 decides. */
  unknown: 0,
  plain: 1,
  modRm: 2,
  immediate8: 4,
  immediate16: 8,
  /** 4 bytes, with operands of 16 bits 2. */
  immediate: 16,
  /** As long as the operand: 8, 4 or 2 bytes. */
  immediateFull: 32,
  /** A jump or call with that displacement; it takes no prefixes here. */
  relative8: 64,
  relative32: 128,
} as const;

/** Prefixes that choose between instructions of the same opcode: none, 66, F3, F2. */
export const chosenBy = { none: 1, operand: 2, f3: 4, f2: 8 } as const;

/** For each opcode, those that begin with 0F from 256 on. */
export interface Opcodes {
  readonly layouts: Uint8Array;
  /** Values of `flow`. */
  readonly flows: Uint8Array;
  /** ModRM bytes that are allowed: bit `reg` for operands in memory, bit 8 + `reg` for those in a register. */
  readonly forms: Uint16Array;
  /** The same with LOCK. */
  readonly lockedForms: Uint16Array;
  /** Bits of `chosenBy`. */
  readonly prefixes: Uint8Array;
}

interface Row {
  readonly layout: number;
  readonly flow?: number;
  readonly forms?: number;
  readonly locked?: number;
  readonly prefixes?: number;
}

const inMemory = 0x00ff;
const inRegister = 0xff00;
const anyForm = inMemory | inRegister;
const { plain, modRm, immediate8, immediate16, immediate, immediateFull, relative8, relative32 } = layout;
const { none, operand, f3, f2 } = chosenBy;
const anyPrefix = none | operand | f3 | f2;

/** Forms whose `reg` is one of these, in memory and in registers. */
function regs(...numbers: readonly number[]): number {
  return numbers.reduce((forms, number) => forms | (0x101 << number), 0);
}

/** First and last opcode of a range, by the number: 0F xx is 1xx. */
const rows: readonly (readonly [first: number, last: number, row: Row])[] = [
  // ADD OR ADC SBB AND SUB XOR CMP: six opcodes each.
  ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((number): (readonly [number, number, Row])[] => [
    [number * 8, number * 8 + 1, { layout: modRm, locked: number === 7 ? 0 : inMemory }],
    [number * 8 + 2, number * 8 + 3, { layout: modRm }],
    [number * 8 + 4, number * 8 + 4, { layout: immediate8 }],
    [number * 8 + 5, number * 8 + 5, { layout: immediate }],
  ]),
  [0x50, 0x5f, { layout: plain }], // PUSH, POP
  [0x63, 0x63, { layout: modRm }], // MOVSXD
  [0x68, 0x68, { layout: immediate }], // PUSH
  [0x69, 0x69, { layout: modRm | immediate }], // IMUL
  [0x6a, 0x6a, { layout: immediate8 }], // PUSH
  [0x6b, 0x6b, { layout: modRm | immediate8 }], // IMUL
  [0x70, 0x7f, { layout: relative8, flow: flow.conditional }],
  [0x76, 0x76, { layout: relative8, flow: flow.stackCheckJump }], // JBE
  [0x80, 0x80, { layout: modRm | immediate8, locked: inMemory & regs(0, 1, 2, 3, 4, 5, 6) }],
  [0x81, 0x81, { layout: modRm | immediate, locked: inMemory & regs(0, 1, 2, 3, 4, 5, 6) }],
  [0x83, 0x83, { layout: modRm | immediate8, locked: inMemory & regs(0, 1, 2, 3, 4, 5, 6) }],
  [0x84, 0x85, { layout: modRm }], // TEST
  [0x86, 0x87, { layout: modRm, locked: inMemory }], // XCHG
  [0x88, 0x8b, { layout: modRm }], // MOV
  [0x8d, 0x8d, { layout: modRm, forms: inMemory }], // LEA
  [0x90, 0x99, { layout: plain }], // NOP, XCHG, CBW, CWD
  [0xa4, 0xa7, { layout: plain }], // MOVS, CMPS
  [0xa8, 0xa8, { layout: immediate8 }], // TEST
  [0xa9, 0xa9, { layout: immediate }],
  [0xaa, 0xaf, { layout: plain }], // STOS, LODS, SCAS
  [0xb0, 0xb7, { layout: immediate8 }], // MOV
  [0xb8, 0xbf, { layout: immediateFull }],
  [0xc0, 0xc1, { layout: modRm | immediate8, forms: regs(0, 1, 2, 3, 4, 5, 7) }], // shifts
  [0xc2, 0xc2, { layout: immediate16, flow: flow.return, prefixes: none }],
  [0xc3, 0xc3, { layout: plain, flow: flow.return, prefixes: none | f3 }],
  [0xc6, 0xc6, { layout: modRm | immediate8, forms: regs(0) }], // MOV
  [0xc7, 0xc7, { layout: modRm | immediate, forms: regs(0) }],
  [0xc9, 0xc9, { layout: plain }], // LEAVE
  [0xcc, 0xcc, { layout: plain, flow: flow.stop }], // INT3
  [0xd0, 0xd3, { layout: modRm, forms: regs(0, 1, 2, 3, 4, 5, 7) }], // shifts
  [0xe8, 0xe8, { layout: relative32, flow: flow.call }],
  [0xe9, 0xe9, { layout: relative32, flow: flow.jump }],
  [0xeb, 0xeb, { layout: relative8, flow: flow.jump }],
  // TEST has an immediate (`lengths.ts` adds it), NOT NEG MUL DIV have none.
  [0xf6, 0xf7, { layout: modRm, locked: inMemory & regs(2, 3) }],
  [0xf8, 0xf9, { layout: plain }], // CLC, STC
  [0xfc, 0xfd, { layout: plain }], // CLD, STD
  [0xfe, 0xfe, { layout: modRm, forms: regs(0, 1), locked: inMemory & regs(0, 1) }], // INC, DEC
  // INC, DEC, CALL, JMP, PUSH; of which flow: `lengths.ts`.
  [0xff, 0xff, { layout: modRm, forms: regs(0, 1, 2, 4, 6), locked: inMemory & regs(0, 1), prefixes: none | operand }],

  [0x105, 0x105, { layout: plain, flow: flow.call, prefixes: none }], // SYSCALL
  [0x10b, 0x10b, { layout: plain, flow: flow.stop }], // UD2
  [0x10d, 0x10d, { layout: modRm, forms: inMemory & regs(1) }], // PREFETCHW
  [0x110, 0x111, { layout: modRm }], // MOVUPS, MOVUPD, MOVSS, MOVSD
  [0x112, 0x112, { layout: modRm, prefixes: none | f2 | f3 }], // MOVLPS, MOVDDUP, MOVSLDUP
  [0x113, 0x113, { layout: modRm, forms: inMemory, prefixes: none | operand }],
  [0x114, 0x115, { layout: modRm, prefixes: none | operand }], // UNPCK
  [0x116, 0x116, { layout: modRm, prefixes: none | f3 }], // MOVHPS, MOVSHDUP
  [0x117, 0x117, { layout: modRm, forms: inMemory, prefixes: none | operand }],
  [0x118, 0x118, { layout: modRm, forms: inMemory & regs(0, 1, 2, 3) }], // PREFETCH
  [0x11f, 0x11f, { layout: modRm, forms: regs(0) }], // NOP
  [0x128, 0x129, { layout: modRm, prefixes: none | operand }], // MOVAPS
  [0x12a, 0x12a, { layout: modRm }], // CVTSI2SD
  [0x12c, 0x12d, { layout: modRm }], // CVTTSD2SI
  [0x12e, 0x12f, { layout: modRm, prefixes: none | operand }], // UCOMISD
  [0x131, 0x131, { layout: plain }], // RDTSC
  [0x140, 0x14f, { layout: modRm }], // CMOVcc
  [0x151, 0x151, { layout: modRm }], // SQRTSD
  [0x154, 0x157, { layout: modRm, prefixes: none | operand }], // ANDPS, ANDNPS, ORPS, XORPS
  [0x158, 0x15a, { layout: modRm }], // ADDSD, MULSD, CVTSS2SD
  [0x15b, 0x15b, { layout: modRm, prefixes: none | operand | f3 }], // CVTDQ2PS
  [0x15c, 0x15f, { layout: modRm }], // SUBSD, MINSD, DIVSD, MAXSD
  [0x160, 0x16b, { layout: modRm, prefixes: none | operand }], // PUNPCK, PCMPGT, PACK
  [0x16c, 0x16d, { layout: modRm, prefixes: operand }], // PUNPCKLQDQ
  [0x16e, 0x16e, { layout: modRm, prefixes: none | operand }], // MOVQ
  [0x16f, 0x16f, { layout: modRm, prefixes: none | operand | f3 }], // MOVDQA, MOVDQU
  [0x170, 0x170, { layout: modRm | immediate8 }], // PSHUFD
  [0x171, 0x172, { layout: modRm | immediate8, forms: inRegister & regs(2, 4, 6), prefixes: none | operand }], // shifts
  [0x173, 0x173, { layout: modRm | immediate8, forms: inRegister & regs(2, 3, 6, 7), prefixes: operand }],
  [0x174, 0x176, { layout: modRm, prefixes: none | operand }], // PCMPEQ
  [0x17e, 0x17f, { layout: modRm, prefixes: none | operand | f3 }], // MOVQ, MOVDQU
  [0x180, 0x18f, { layout: relative32, flow: flow.conditional }],
  [0x186, 0x186, { layout: relative32, flow: flow.stackCheckJump }], // JBE
  [0x190, 0x19f, { layout: modRm }], // SETcc
  [0x1a2, 0x1a2, { layout: plain }], // CPUID
  [0x1a3, 0x1a3, { layout: modRm }], // BT
  [0x1a4, 0x1a4, { layout: modRm | immediate8 }], // SHLD
  [0x1a5, 0x1a5, { layout: modRm }],
  [0x1ab, 0x1ab, { layout: modRm, locked: inMemory }], // BTS
  [0x1ac, 0x1ac, { layout: modRm | immediate8 }], // SHRD
  [0x1ad, 0x1ad, { layout: modRm }],
  [0x1ae, 0x1ae, { layout: modRm, forms: inRegister & regs(5, 6, 7), prefixes: none }], // LFENCE, MFENCE, SFENCE
  [0x1af, 0x1af, { layout: modRm }], // IMUL
  [0x1b0, 0x1b1, { layout: modRm, locked: inMemory }], // CMPXCHG
  [0x1b3, 0x1b3, { layout: modRm, locked: inMemory }], // BTR
  [0x1b6, 0x1b7, { layout: modRm }], // MOVZX
  [0x1b8, 0x1b8, { layout: modRm, prefixes: f3 }], // POPCNT
  [0x1ba, 0x1ba, { layout: modRm | immediate8, forms: regs(4, 5, 6, 7), locked: inMemory & regs(5, 6, 7) }], // BT
  [0x1bb, 0x1bb, { layout: modRm, locked: inMemory }], // BTC
  [0x1bc, 0x1bd, { layout: modRm, prefixes: none | operand | f3 }], // BSF, TZCNT
  [0x1be, 0x1bf, { layout: modRm }], // MOVSX
  [0x1c0, 0x1c1, { layout: modRm, locked: inMemory }], // XADD
  [0x1c2, 0x1c2, { layout: modRm | immediate8 }], // CMPSD
  [0x1c6, 0x1c6, { layout: modRm | immediate8, prefixes: none | operand }], // SHUFPS
  [0x1c7, 0x1c7, { layout: modRm, forms: inMemory & regs(1), locked: inMemory & regs(1), prefixes: none }], // CMPXCHG16B
  [0x1c8, 0x1cf, { layout: plain }], // BSWAP
  [0x1d1, 0x1d5, { layout: modRm, prefixes: none | operand }], // PSRLW, PADDQ
  [0x1d6, 0x1d6, { layout: modRm, prefixes: operand }], // MOVQ
  [0x1d7, 0x1d7, { layout: modRm, forms: inRegister, prefixes: none | operand }], // PMOVMSKB
  [0x1d8, 0x1e5, { layout: modRm, prefixes: none | operand }],
  [0x1e6, 0x1e6, { layout: modRm, prefixes: operand | f3 | f2 }], // CVTDQ2PD
  [0x1e7, 0x1e7, { layout: modRm, forms: inMemory, prefixes: none | operand }], // MOVNTDQ
  [0x1e8, 0x1ef, { layout: modRm, prefixes: none | operand }],
  [0x1f1, 0x1f6, { layout: modRm, prefixes: none | operand }],
  [0x1f8, 0x1fe, { layout: modRm, prefixes: none | operand }],
];

export const opcodes: Opcodes = tableOf(rows);

function tableOf(all: typeof rows): Opcodes {
  const layouts = new Uint8Array(512);
  const flows = new Uint8Array(512);
  const forms = new Uint16Array(512);
  const lockedForms = new Uint16Array(512);
  const prefixes = new Uint8Array(512);
  for (const [first, last, row] of all) {
    const isRelative = (row.layout & (relative8 | relative32)) !== 0;
    for (let opcode = first; opcode <= last; opcode++) {
      layouts[opcode] = row.layout;
      flows[opcode] = row.flow ?? flow.next;
      forms[opcode] = row.forms ?? anyForm;
      lockedForms[opcode] = row.locked ?? 0;
      prefixes[opcode] = row.prefixes ?? (isRelative ? none : anyPrefix);
    }
  }
  return { layouts, flows, forms, lockedForms, prefixes };
}
