import { batchRoom, readBatches } from './batch-read.ts';
import type { Libbpf } from './libbpf.ts';
import { textShapeLayout, textStatus } from './map-layout.ts';

/** What stands before the first literal of a text. */
export interface TextShape {
  readonly text: string;
  /** More follows. */
  readonly isCut: boolean;
}

/** By the number that the kernel side has given it. */
export type TextShapes = (number: number) => TextShape | undefined;

/** Reads the table `text_shapes` when a number is not known yet: none ever stands for another text. */
export function textShapes(libbpf: Libbpf, fd: number): TextShapes {
  const known = new Map<number, TextShape>();
  return (number) => {
    if (known.has(number)) return known.get(number);
    const room = batchRoom(textShapeLayout.sizeBytes, 8);
    readBatches(libbpf, fd, 'text_shapes', room, (key, value) => {
      const start = textShapeLayout.text;
      const end = start + (key[textShapeLayout.text_bytes] ?? 0);
      const text = new TextDecoder().decode(key.subarray(start, end));
      known.set(value.getUint32(0, true), { text, isCut: key[textShapeLayout.text_status] === textStatus.cut });
    });
    return known.get(number);
  };
}
