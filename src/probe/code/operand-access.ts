import { OpAccess } from 'iced-x86';

/** Of a register or memory that an instruction uses, as iced-x86 tells it: whether it may write there. */
export function isWrite(access: number): boolean {
  return (
    access === OpAccess.Write ||
    access === OpAccess.CondWrite ||
    access === OpAccess.ReadWrite ||
    access === OpAccess.ReadCondWrite
  );
}
