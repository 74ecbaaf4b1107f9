import type { PlannedProbe } from '../probe/probe-plan.ts';
import type { CallContent, CallEnd } from './call.ts';
import { dictionaryAddress } from './capture-image.ts';
import { ChunkReader } from './chunk-reader.ts';
import { captureOf, decodeFields } from './decode-fields.ts';
import { type DecodeContext, decodeValues } from './decode-value.ts';
import { callFlag } from './layout.ts';
import type { Value } from './value.ts';

/** What was captured of a call that ended. */
export interface CapturedCall {
  readonly flags: number;
  readonly end: CallEnd;
  readonly entry: CapturePart;
  readonly exit: CapturePart;
  /** Said of the call while it ran. */
  readonly notes: readonly Uint8Array[];
}

/** What was captured at once: from `start` to `end`, offsets in the reader's bytes. */
export interface CapturePart {
  /** May stand anywhere: other parts may be in the same bytes. */
  readonly reader: ChunkReader;
  readonly start: number;
  readonly end: number;
}

export function readerOf({ reader, start, end }: CapturePart): ChunkReader {
  return reader.start(start, end);
}

/** Of a call's flags those that say why something was not captured. */
export const absenceFlags = callFlag.argumentsSent | callFlag.argumentsLost | callFlag.notCaptured;

const noChunks = new ChunkReader(new Uint8Array(0));
const noValues: readonly Value[] = [];
/** SIDESPAN_CAPTURE_CALLS_PER_SECOND. */
const overLimit = 'capture limit';

export function decodeContent(probe: PlannedProbe, context: DecodeContext, captured: CapturedCall): CallContent {
  const { flags, end, entry, exit } = captured;
  let values = noValues;
  let results = noValues;
  let dictionary: number | undefined;
  if (probe.arguments !== undefined && (probe.arguments.values.length > 0 || probe.arguments.imageBytes > 0)) {
    // Values of no size are not captured, and known all the same.
    const isKnown = probe.arguments.imageBytes === 0;
    const chunks = isKnown ? noChunks : readerOf(entry);
    dictionary = dictionaryAddress(probe.arguments, chunks);
    values = decodeValues(probe.arguments, chunks, context, isKnown ? undefined : whyNoArguments(flags), dictionary);
  }
  if (probe.results !== undefined && probe.results.values.length > 0) {
    const isKnown = end === 'returned' && probe.results.imageBytes === 0;
    results = decodeValues(
      probe.results,
      readerOf(exit),
      context,
      isKnown ? undefined : whyNoResults(flags, end),
      dictionary,
    );
  }
  return { end, arguments: values, results, fields: fieldsOf(probe, context, captured) };
}

function fieldsOf(probe: PlannedProbe, context: DecodeContext, captured: CapturedCall): readonly Value[] {
  if (probe.fields === undefined) return noValues;
  const { flags, end, entry, exit, notes } = captured;
  const fields: Value[] = [];
  if (probe.entryFields !== undefined) {
    decodeFields(probe.entryFields, readerOf(entry), context, whyNoArguments(flags), fields);
  }
  const atEnd = readerOf(exit);
  const shape = captureOf(probe.fields, atEnd);
  // How a call ended that read nothing there says it all.
  const isExpected = end === 'returned' || !atEnd.isEmpty;
  if (shape !== undefined && isExpected) decodeFields(shape, atEnd, context, whyNoResults(flags, end), fields);
  for (const bytes of probe.notes === undefined ? [] : notes) {
    const chunks = new ChunkReader(bytes).start(0, bytes.length);
    const noted = captureOf(probe.notes ?? [], chunks);
    if (noted !== undefined) decodeFields(noted, chunks, context, undefined, fields);
  }
  return fields;
}

function whyNoArguments(flags: number): string {
  if ((flags & callFlag.notCaptured) !== 0) return overLimit;
  if ((flags & callFlag.argumentsLost) !== 0) return 'ring full at entry';
  return (flags & callFlag.argumentsSent) !== 0 ? 'given up: too many calls were running' : 'not captured';
}

function whyNoResults(flags: number, end: CallEnd): string {
  if (end !== 'returned') return end;
  return (flags & callFlag.notCaptured) !== 0 ? overLimit : 'left by a tail call';
}
