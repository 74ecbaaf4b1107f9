import type { PlannedProbe } from '../probe/probe-plan.ts';
import { addFloats } from './add-floats.ts';
import type { BootTime, Call } from './call.ts';
import { dictionaryAddress } from './capture-image.ts';
import { ChunkReader } from './chunk-reader.ts';
import { captureOf, decodeFields } from './decode-fields.ts';
import { type DecodeContext, decodeValues } from './decode-value.ts';
import { createGoroutineTimes } from './goroutine-times.ts';
import {
  argumentsRecordLayout,
  callEnds,
  callFlag,
  callRecordLayout,
  processChange,
  processRecordLayout,
  recordHeaderLayout,
  recordKind,
  timesRecordLayout,
} from './layout.ts';
import type { Value } from './value.ts';

/** What the decoder must know of a probe that records refer to. */
export interface ProbeMeaning {
  readonly probe: PlannedProbe;
  readonly context: DecodeContext;
}

export interface CallDecoderOptions {
  /** By the process slot and the probe's index in the BPF table; undefined: detached meanwhile. */
  readonly meaningOf: (processSlot: number, probe: number) => ProbeMeaning | undefined;
  readonly onCall: (call: Call) => void;
  readonly onProcess: (change: 'exec' | 'exit', pid: number) => void;
  /** A call's record that can't be used, and why. */
  readonly onUndecodable: (processSlot: number, probe: number, reason: string) => void;
  /** Most bytes of arguments kept while their calls run; beyond, the oldest are given up. */
  readonly maxPendingBytes?: number;
}

/** Turns records into calls. Arguments wait here for the call to end: their records come first. */
export interface CallDecoder {
  /** A RecordHandler (src/bpf/ring-reader.ts): never throws. */
  readonly record: (view: DataView, offset: number, length: number) => void;
  /** Arguments of calls that still run, in bytes. */
  readonly pendingBytes: number;
  /** What was captured at the entry of a call that still runs, if that was sent. */
  argumentsOf(spanId: bigint): Uint8Array | undefined;
  /** Gives up what waits for calls of that process. */
  forget(processSlot: number): void;
}

/** 100,000 goroutines that wait in a traced function with two arguments. */
const defaultPendingBytes = 16 << 20;
/** What an entry of a Map with its typed array costs on top. */
const pendingOverheadBytes = 160;

/** Of one call: routers within routers. */
const maxNotes = 8;
/** Calls of which something was said and that still run; of more the oldest lose it. */
const maxNotedCalls = 65536;

interface Pending {
  readonly processSlot: number;
  readonly bytes: Uint8Array;
}

const noChunks = new ChunkReader(new Uint8Array(0));
const noValues: readonly Value[] = [];
/** SIDESPAN_CAPTURE_CALLS_PER_SECOND. */
const overLimit = 'capture limit';

export function createCallDecoder(options: CallDecoderOptions): CallDecoder {
  const maxPendingBytes = options.maxPendingBytes ?? defaultPendingBytes;
  const pending = new Map<bigint, Pending>();
  const notes = new Map<bigint, Uint8Array[]>();
  const times = createGoroutineTimes();
  let pendingBytes = 0;
  let reader: ChunkReader | undefined;

  function remove(spanId: bigint): Pending | undefined {
    const found = pending.get(spanId);
    if (found === undefined) return undefined;
    pending.delete(spanId);
    pendingBytes -= found.bytes.length + pendingOverheadBytes;
    return found;
  }

  function holdArguments(view: DataView, offset: number, length: number): void {
    const captured = Math.min(
      view.getUint32(offset + recordHeaderLayout.capture_bytes, true),
      length - argumentsRecordLayout.sizeBytes,
    );
    const start = view.byteOffset + offset + argumentsRecordLayout.sizeBytes;
    const bytes = new Uint8Array(view.buffer, start, captured).slice();
    const spanId = view.getBigUint64(offset + argumentsRecordLayout.span_id, true);
    pending.set(spanId, { processSlot: view.getUint32(offset + recordHeaderLayout.process_slot, true), bytes });
    pendingBytes += bytes.length + pendingOverheadBytes;
    for (const oldest of pending.keys()) {
      if (pendingBytes <= maxPendingBytes) break;
      remove(oldest);
    }
  }

  /** Puts what a site within the function could read into the capture at its entry. */
  function addArguments(view: DataView, offset: number, length: number): void {
    const kept = pending.get(view.getBigUint64(offset + argumentsRecordLayout.span_id, true));
    const slot = view.getUint32(offset + recordHeaderLayout.process_slot, true);
    const probe = view.getUint32(offset + recordHeaderLayout.probe, true);
    const floats = options.meaningOf(slot, probe)?.probe.arguments?.floats;
    if (kept === undefined || floats === undefined) return;
    const start = view.byteOffset + offset + argumentsRecordLayout.sizeBytes;
    addFloats(kept.bytes, floats, new Uint8Array(view.buffer, start, length - argumentsRecordLayout.sizeBytes));
  }

  /** What is said of a call that goes on. */
  function holdNote(view: DataView, offset: number, length: number): void {
    const spanId = view.getBigUint64(offset + argumentsRecordLayout.span_id, true);
    const start = view.byteOffset + offset + argumentsRecordLayout.sizeBytes;
    const bytes = new Uint8Array(view.buffer, start, length - argumentsRecordLayout.sizeBytes).slice();
    const said = notes.get(spanId);
    if (said !== undefined && said.length < maxNotes) said.push(bytes);
    else if (said === undefined) notes.set(spanId, [bytes]);
    for (const oldest of notes.keys()) {
      if (notes.size <= maxNotedCalls) break;
      notes.delete(oldest);
    }
  }

  function addNotes(probe: PlannedProbe, spanId: bigint, context: DecodeContext, fields: Value[]): void {
    const said = notes.get(spanId);
    if (said === undefined || probe.notes === undefined) return;
    notes.delete(spanId);
    for (const bytes of said) {
      const chunks = new ChunkReader(bytes).start(0, bytes.length);
      const shape = captureOf(probe.notes, chunks);
      if (shape !== undefined) decodeFields(shape, chunks, context, undefined, fields);
    }
  }

  /** What was captured at entry: in the call's own record, of which `own` stands on it, or in one that came before. */
  function atEntry(own: ChunkReader, view: DataView, offset: number, flags: number): ChunkReader {
    if (!own.isEmpty || (flags & callFlag.argumentsSent) === 0) return own;
    const sent = remove(view.getBigUint64(offset + callRecordLayout.span_id, true));
    return sent === undefined ? own : new ChunkReader(sent.bytes).start(0, sent.bytes.length);
  }

  function decodeCall(view: DataView, offset: number, length: number): void {
    const processSlot = view.getUint32(offset + recordHeaderLayout.process_slot, true);
    const probeIndex = view.getUint32(offset + recordHeaderLayout.probe, true);
    const meaning = options.meaningOf(processSlot, probeIndex);
    if (meaning === undefined) {
      options.onUndecodable(processSlot, probeIndex, 'its probe is no longer known');
      return;
    }
    const { probe, context } = meaning;
    const ended = callEnds[view.getUint16(offset + callRecordLayout.end, true)] ?? 'unpaired';
    const end = probe.description.inlined === undefined ? ended : 'inlined';
    const flags = view.getUint32(offset + callRecordLayout.flags, true);
    // One view of the whole ring for as long as it is mapped.
    if (reader === undefined || reader.view.buffer !== view.buffer || reader.view.byteOffset !== view.byteOffset) {
      reader = new ChunkReader(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    }
    const captured = Math.min(
      view.getUint32(offset + recordHeaderLayout.capture_bytes, true),
      length - callRecordLayout.sizeBytes,
    );
    const dataStart = offset + callRecordLayout.sizeBytes;
    const exitStart = dataStart + Math.min(captured, view.getUint16(offset + callRecordLayout.arguments_bytes, true));
    const recordEnd = dataStart + captured;
    const call: { values: readonly Value[]; fields: readonly Value[]; results: readonly Value[] } = {
      values: noValues,
      fields: noValues,
      results: noValues,
    };
    let dictionary: number | undefined;
    if (probe.arguments !== undefined && (probe.arguments.values.length > 0 || probe.arguments.imageBytes > 0)) {
      // Values of no size are not captured, and known all the same.
      const isKnown = probe.arguments.imageBytes === 0;
      const chunks = isKnown ? noChunks : atEntry(reader.start(dataStart, exitStart), view, offset, flags);
      dictionary = dictionaryAddress(probe.arguments, chunks);
      const absent = isKnown ? undefined : whyNoArguments(flags);
      call.values = decodeValues(probe.arguments, chunks, context, absent, dictionary);
    }
    if (probe.results !== undefined && probe.results.values.length > 0) {
      const isKnown = end === 'returned' && probe.results.imageBytes === 0;
      const absent = isKnown ? undefined : whyNoResults(flags, end);
      const chunks = reader.start(exitStart, recordEnd);
      call.results = decodeValues(probe.results, chunks, context, absent, dictionary);
    }
    if (probe.fields !== undefined) {
      const fields: Value[] = [];
      if (probe.entryFields !== undefined) {
        const chunks = atEntry(reader.start(dataStart, exitStart), view, offset, flags);
        decodeFields(probe.entryFields, chunks, context, whyNoArguments(flags), fields);
      }
      const atEnd = reader.start(exitStart, recordEnd);
      const shape = captureOf(probe.fields, atEnd);
      // How a call ended that read nothing there says it all.
      const isExpected = end === 'returned' || !atEnd.isEmpty;
      if (shape !== undefined && isExpected) decodeFields(shape, atEnd, context, whyNoResults(flags, end), fields);
      if (notes.size > 0) addNotes(probe, view.getBigUint64(offset + callRecordLayout.span_id, true), context, fields);
      call.fields = fields;
    }
    const ids = idsAt(reader.bytes, offset);
    options.onCall({
      processSlot,
      probe: probeIndex,
      goid: readSafe(view, offset + callRecordLayout.goid),
      start: bootTime(view, offset + callRecordLayout.start_ns),
      durationNs: distanceNs(view, offset + callRecordLayout.start_ns, offset + callRecordLayout.end_ns),
      end,
      traceId: ids.slice(0, 32),
      spanId: ids.slice(32, 48),
      parentSpanId: hasParent(view, offset) ? ids.slice(48) : undefined,
      remoteParent: (flags & callFlag.remoteParent) === 0 ? undefined : remoteParent(flags),
      parentBy: parentBy(flags),
      traceSampled: traceSampled(flags),
      samplingThreshold: view.getUint32(offset + callRecordLayout.threshold, true),
      frameIndex: view.getUint32(offset + callRecordLayout.frame_index, true),
      activityNs: times.isEmpty ? undefined : times.take(view.getBigUint64(offset + callRecordLayout.span_id, true)),
      arguments: call.values,
      results: call.results,
      fields: call.fields,
    });
  }

  function record(view: DataView, offset: number, length: number): void {
    const kind = length < recordHeaderLayout.sizeBytes ? 0 : view.getUint32(offset, true);
    if (kind === recordKind.call && length >= callRecordLayout.sizeBytes) {
      try {
        decodeCall(view, offset, length);
      } catch (error) {
        const slot = view.getUint32(offset + recordHeaderLayout.process_slot, true);
        const probe = view.getUint32(offset + recordHeaderLayout.probe, true);
        options.onUndecodable(slot, probe, error instanceof Error ? error.message : String(error));
      }
    } else if (kind === recordKind.arguments && length >= argumentsRecordLayout.sizeBytes) {
      holdArguments(view, offset, length);
    } else if (kind === recordKind.moreArguments && length >= argumentsRecordLayout.sizeBytes) {
      addArguments(view, offset, length);
    } else if (kind === recordKind.note && length >= argumentsRecordLayout.sizeBytes) {
      holdNote(view, offset, length);
    } else if (kind === recordKind.times && length >= timesRecordLayout.sizeBytes) {
      times.hold(view, offset);
    } else if (kind === recordKind.process && length >= processRecordLayout.sizeBytes) {
      const change = view.getUint32(offset + processRecordLayout.change, true);
      options.onProcess(
        change === processChange.exec ? 'exec' : 'exit',
        view.getUint32(offset + processRecordLayout.pid, true),
      );
    } else {
      options.onUndecodable(0, 0, `record of kind ${kind} with ${length} bytes`);
    }
  }

  return {
    record,
    get pendingBytes() {
      return pendingBytes;
    },
    argumentsOf: (spanId) => pending.get(spanId)?.bytes,
    forget(processSlot) {
      for (const [spanId, kept] of pending) if (kept.processSlot === processSlot) remove(spanId);
    },
  };
}

function whyNoArguments(flags: number): string {
  if ((flags & callFlag.notCaptured) !== 0) return overLimit;
  if ((flags & callFlag.argumentsLost) !== 0) return 'ring full at entry';
  return (flags & callFlag.argumentsSent) !== 0 ? 'given up: too many calls were running' : 'not captured';
}

function whyNoResults(flags: number, end: Call['end']): string {
  if (end !== 'returned') return end;
  return (flags & callFlag.notCaptured) !== 0 ? overLimit : 'left by a tail call';
}

function traceSampled(flags: number): boolean | undefined {
  return (flags & callFlag.remoteTrace) === 0 ? undefined : (flags & callFlag.sampled) !== 0;
}

function parentBy(flags: number): Call['parentBy'] {
  if ((flags & callFlag.parentByContext) !== 0) return 'context';
  return (flags & callFlag.parentByStart) === 0 ? undefined : 'goroutine start';
}

function remoteParent(flags: number): Call['remoteParent'] {
  return { sampled: traceSampled(flags), format: (flags & callFlag.b3Parent) === 0 ? 'traceparent' : 'b3' };
}

/** Trace id, span id and parent's span id lie behind one another: one call into native code for the three. */
function idsAt(bytes: Buffer, offset: number): string {
  const start = offset + callRecordLayout.trace_id;
  return bytes.toString('hex', start, start + 32);
}

function hasParent(view: DataView, offset: number): boolean {
  const at = offset + callRecordLayout.parent_span_id;
  return view.getUint32(at, true) !== 0 || view.getUint32(at + 4, true) !== 0;
}

/** goids count up from 1: never near 2^53. */
function readSafe(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
}

/** 2^32 ns are 4 s and 294967296 ns. */
function bootTime(view: DataView, offset: number): BootTime {
  const high = view.getUint32(offset + 4, true);
  const nanoseconds = high * 294_967_296 + view.getUint32(offset, true);
  return [high * 4 + Math.floor(nanoseconds / 1e9), nanoseconds % 1e9];
}

/** Exact up to 104 days. */
function distanceNs(view: DataView, start: number, end: number): number {
  const high = view.getUint32(end + 4, true) - view.getUint32(start + 4, true);
  return high * 2 ** 32 + (view.getUint32(end, true) - view.getUint32(start, true));
}
