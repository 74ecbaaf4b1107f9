import {
  type CaptureOp,
  captureOp,
  interfaceKind,
  labelKind,
  memoryBase,
  pointerFlag,
  pointerSkip,
  wordOffset,
} from './capture-op.ts';

const labelNames = Object.fromEntries(Object.entries(labelKind).map(([name, code]) => [code, name]));
const opNames = Object.fromEntries(Object.entries(captureOp).map(([name, code]) => [code, name]));

/** The plan as text, one op a line, bodies indented. For failing tests and `--verbose`. */
export function formatPlan(ops: readonly CaptureOp[], strings: readonly string[] = []): string {
  let indent = 0;
  return ops
    .map((s, index) => {
      if (s.op === captureOp.pop || s.op === captureOp.next) indent = Math.max(0, indent - 1);
      const line = `${String(index).padStart(3)} ${'  '.repeat(indent)}${opNames[s.op] ?? `op${s.op}`}${operands(s, strings)}`;
      const opens =
        s.op === captureOp.pointer ||
        s.op === captureOp.context ||
        (s.op === captureOp.map && s.c % 2 ** 16 > 0) ||
        ((s.op === captureOp.slice || s.op === captureOp.each) && s.imm > 0);
      if (opens) indent += 1;
      return line;
    })
    .join('\n');
}

function baseName(base: number): string {
  if (base === memoryBase.image) return 'image';
  return base === 0 ? 'sp' : `r${base - memoryBase.register}`;
}

function operands(s: CaptureOp, strings: readonly string[]): string {
  const key = JSON.stringify(strings[s.imm] ?? `string ${s.imm}`);
  switch (s.op) {
    case captureOp.image:
      return ` ${s.c} bytes`;
    case captureOp.register:
      return ` @${s.b} = r${s.a}, ${s.c} bytes`;
    case captureOp.stack:
      return ` @${s.b} = [${baseName(s.a)}+${s.imm}], ${s.c} bytes`;
    case captureOp.save:
      return ` word ${s.a} = @${s.b}`;
    case captureOp.saved:
      return ` @${s.b} = word ${s.a}`;
    case captureOp.string:
      return ` @${s.b}, at most ${s.c} bytes`;
    case captureOp.pointer: {
      const { skip, rest } = pointerSkip(s);
      const unsent = (s.a & pointerFlag.unsent) === 0 ? '' : ' unsent';
      if ((s.a & pointerFlag.ofType) !== 0)
        return ` @${s.b}, ${rest} bytes${unsent} of type 0x${s.c.toString(16)}, else skip ${skip}`;
      const condition = (s.a & pointerFlag.unless) === 0 ? '' : ` unless @${rest}`;
      return ` @${s.b}, ${s.c} bytes${unsent}${condition}, else skip ${skip}`;
    }
    case captureOp.words:
      return ` ${Array.from({ length: s.a }, (_, n) => `@${wordOffset(s, n)}`).join(' ')}`;
    case captureOp.slice:
    case captureOp.each:
      return ` @${s.b}, ${s.a} of ${s.c} bytes, body ${s.imm}`;
    case captureOp.map:
      return ` @${s.b}, ${s.a} entries, body ${s.c % 2 ** 16}`;
    case captureOp.interface:
      return ` @${s.b} ${Object.keys(interfaceKind)[s.a] ?? s.a}`;
    case captureOp.header:
      return ` @${s.b} ${key}, at most ${s.c} bytes`;
    case captureOp.context:
      return ` @${s.b} key type 0x${s.imm.toString(16)}, else skip ${s.c}`;
    case captureOp.traceparent:
      return ` @${s.b} ${key}`;
    case captureOp.label:
      return ` ${labelNames[s.a] ?? s.a} @${s.b}, ${s.c}, place ${s.imm % 2 ** 8}`;
    case captureOp.constant:
      return ` @${s.b} = 0x${(BigInt(s.c) * 2n ** 32n + BigInt(s.imm)).toString(16)}, ${s.a} bytes`;
    default:
      return '';
  }
}
