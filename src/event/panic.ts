import type { CodeFrame } from '../binary/go-binary.ts';
import type { CaptureShape } from '../probe/capture/shape.ts';
import type { BootTime } from './call.ts';
import type { ChunkReader } from './chunk-reader.ts';
import { type DecodeContext, decodeValues } from './decode-value.ts';
import type { Value } from './value.ts';

/** A panic of a goroutine that had open calls. */
export interface Panic {
  readonly time: BootTime;
  /** What it was called with; errors are shown by their message. */
  readonly value: Value;
  /** The stack as Go's own tracebacks show it, without arguments. */
  readonly stack: string;
}

/** What the runtime's gopanic takes, as a plan captures it. */
export const panicValueName = 'panic';

/** By its return addresses: what called what, innermost first. */
export interface PanicRecord {
  readonly goid: number;
  readonly time: BootTime;
  readonly addresses: readonly number[];
}

/** Decodes a panic. Its stack is made when somebody looks: most panics that a request recovers from are never shown. */
export function decodePanic(
  { goid, time, addresses }: PanicRecord,
  shape: CaptureShape | undefined,
  chunks: ChunkReader,
  context: DecodeContext,
): Panic {
  const missing = { name: panicValueName, type: 'INTERFACE', goType: 'any', unavailable: 'not captured' };
  const value = shape === undefined ? missing : (decodeValues(shape, chunks, context)[0] ?? missing);
  let stack: string | undefined;
  return {
    time,
    value,
    get stack() {
      stack ??= stackText(goid, addresses, context);
      return stack;
    },
  };
}

/**
 * A signal's handler makes it look as if the instruction that failed had called this function: its "return address" is
 * that instruction's own.
 */
const injected = 'runtime.sigpanic';

function stackText(goid: number, addresses: readonly number[], context: DecodeContext): string {
  const lines = [`goroutine ${goid} [running]:`];
  let isFault = false;
  for (const address of addresses) {
    // A return address may be the first one of the next line, or of the next function.
    const frames: readonly CodeFrame[] = context.codeFrames?.(isFault ? address : address - 1) ?? [];
    if (frames.length === 0) lines.push(`0x${address.toString(16)}`);
    for (const frame of frames) lines.push(...frameLines(frame));
    isFault = frames.some(({ functionName }) => functionName === injected);
  }
  return `${lines.join('\n')}\n`;
}

function frameLines({ functionName, line }: CodeFrame): string[] {
  return [`${functionName}(...)`, line === undefined ? '\t?' : `\t${line.file}:${line.line}`];
}
