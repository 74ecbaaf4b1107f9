import type { ArgumentInfo, ArgumentSlot } from './argument-slot.ts';
import type { Cursor } from './cursor.ts';

/** src/internal/abi/symtab.go: TraceArgs… */
const endOfList = 0xff;
const startOfGroup = 0xfe;
const endOfGroup = 0xfd;
const dotdotdot = 0xfc;
const offsetTooLarge = 0xfb;
const firstSpecial = 0xf0;

/** TraceArgsMaxLen: (5 levels * 3 + 2) * 10 components + 1. */
export const maxArgumentInfoBytes = 171;
const maxDepth = 5;

/** Of numbers and pointers, and of vectors (GOEXPERIMENT=simd). */
const valueBytes = new Set([1, 2, 4, 8, 16, 32, 64]);

/** Reads the list from the cursor's place to its end mark. Throws a BinaryError where it makes no sense. */
export function readArgumentInfo(cursor: Cursor): ArgumentInfo {
  let complete = true;
  const list = (depth: number): ArgumentSlot[] => {
    const slots: ArgumentSlot[] = [];
    for (;;) {
      const byte = cursor.u8();
      switch (byte) {
        case endOfList:
        case endOfGroup:
          if ((byte === endOfList) !== (depth === 0)) cursor.fail('groups of arguments are not closed in order');
          return slots;
        case startOfGroup:
          if (depth >= maxDepth) cursor.fail(`arguments are nested deeper than ${maxDepth}`);
          slots.push({ kind: 'group', parts: list(depth + 1) });
          break;
        case dotdotdot:
          if (depth === maxDepth) slots.push({ kind: 'untold' });
          else complete = false;
          break;
        case offsetTooLarge:
          slots.push({ kind: 'untold' });
          break;
        default: {
          if (byte >= firstSpecial) cursor.fail(`an argument has the unknown mark 0x${byte.toString(16)}`);
          const sizeBytes = cursor.u8();
          if (!valueBytes.has(sizeBytes)) cursor.fail(`an argument's part has ${sizeBytes} bytes`);
          slots.push({ kind: 'word', offset: byte, sizeBytes });
        }
      }
    }
  };
  const slots = list(0);
  return { slots, complete };
}
