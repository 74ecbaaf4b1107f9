import type { CaptureShape } from '../probe/capture/shape.ts';
import type { PlannedProbe } from '../probe/probe-plan.ts';
import { addFloats } from './add-floats.ts';
import type { Call, CallContent } from './call.ts';
import {
  bootTime,
  distanceNs,
  hasParent,
  idsAt,
  keptBy,
  parentBy,
  readSafe,
  remoteParent,
  traceSampled,
} from './call-record.ts';
import { ChunkReader } from './chunk-reader.ts';
import { createContentCache } from './content-cache.ts';
import { absenceFlags, type CapturedCall, type CapturePart, decodeContent, readerOf } from './decode-content.ts';
import { captureOf } from './decode-fields.ts';
import type { DecodeContext } from './decode-value.ts';
import { createGoroutineTimes } from './goroutine-times.ts';
import {
  argumentsRecordLayout,
  callEnds,
  callFlag,
  callRecordLayout,
  panicRecordLayout,
  processChange,
  processRecordLayout,
  recordHeaderLayout,
  recordKind,
  timesRecordLayout,
} from './layout.ts';
import { createPanicRecords } from './panic-records.ts';

/** What the decoder must know of a probe that records refer to. */
export interface ProbeMeaning {
  readonly probe: PlannedProbe;
  readonly context: DecodeContext;
  /** How what the process panics with is captured. */
  readonly panicValue?: CaptureShape | undefined;
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

const noNotes: readonly Uint8Array[] = [];

export function createCallDecoder(options: CallDecoderOptions): CallDecoder {
  const maxPendingBytes = options.maxPendingBytes ?? defaultPendingBytes;
  const pending = new Map<bigint, Pending>();
  const notes = new Map<bigint, Uint8Array[]>();
  const times = createGoroutineTimes();
  const phases = createGoroutineTimes();
  const panics = createPanicRecords(options.meaningOf);
  const contents = createContentCache();
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

  function takeNotes(spanId: bigint): readonly Uint8Array[] {
    const said = notes.get(spanId);
    if (said === undefined) return noNotes;
    notes.delete(spanId);
    return said;
  }

  /** What was captured at entry: in the call's own record, or in one that came before. */
  function entryOf(own: CapturePart, view: DataView, offset: number, flags: number): CapturePart {
    if (own.start < own.end || (flags & callFlag.argumentsSent) === 0) return own;
    const sent = remove(view.getBigUint64(offset + callRecordLayout.span_id, true));
    return sent === undefined ? own : { reader: new ChunkReader(sent.bytes), start: 0, end: sent.bytes.length };
  }

  /** The content, the same object where it came before; `isShared`: it will be if it comes again. */
  function contentOf(meaning: ProbeMeaning, captured: CapturedCall): { content: CallContent; isShared: boolean } {
    const { probe, context } = meaning;
    if (captured.notes.length > 0) return { content: decodeContent(probe, context, captured), isShared: false };
    const { entry, exit } = captured;
    contents.start(meaning, captured.end, captured.flags & absenceFlags);
    contents.add(entry, probe.arguments ?? probe.entryFields);
    contents.add(exit, probe.results ?? captureOf(probe.fields ?? [], readerOf(exit)));
    const known = contents.find();
    if (known !== undefined) return { content: known, isShared: true };
    const content = decodeContent(probe, context, captured);
    return { content, isShared: contents.offer(content) };
  }

  function decodeCall(view: DataView, offset: number, length: number): void {
    const processSlot = view.getUint32(offset + recordHeaderLayout.process_slot, true);
    const probeIndex = view.getUint32(offset + recordHeaderLayout.probe, true);
    const meaning = options.meaningOf(processSlot, probeIndex);
    if (meaning === undefined) {
      options.onUndecodable(processSlot, probeIndex, 'its probe is no longer known');
      return;
    }
    const ended = callEnds[view.getUint16(offset + callRecordLayout.end, true)] ?? 'unpaired';
    const end = meaning.probe.description.inlined === undefined ? ended : 'inlined';
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
    const own = { reader, start: dataStart, end: exitStart };
    const { content, isShared } = contentOf(meaning, {
      flags,
      end,
      entry: entryOf(own, view, offset, flags),
      exit: { reader, start: exitStart, end: dataStart + captured },
      notes: notes.size === 0 ? noNotes : takeNotes(view.getBigUint64(offset + callRecordLayout.span_id, true)),
    });
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
      remoteParent: remoteParent(flags),
      parentBy: parentBy(flags),
      traceSampled: traceSampled(flags),
      kept: keptBy(flags),
      samplingThreshold: view.getUint32(offset + callRecordLayout.threshold, true),
      panics: panics.isEmpty ? undefined : panics.of(meaning.probe, view, offset, end),
      frameIndex: view.getUint32(offset + callRecordLayout.frame_index, true),
      activityNs: times.isEmpty ? undefined : times.take(view.getBigUint64(offset + callRecordLayout.span_id, true)),
      phaseNs: phases.isEmpty ? undefined : phases.take(view.getBigUint64(offset + callRecordLayout.span_id, true)),
      sharedContent: isShared ? content : undefined,
      arguments: content.arguments,
      results: content.results,
      fields: content.fields,
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
    } else if (kind === recordKind.phases && length >= timesRecordLayout.sizeBytes) {
      phases.hold(view, offset);
    } else if ((kind === recordKind.panic || kind === recordKind.recovery) && length >= panicRecordLayout.sizeBytes) {
      try {
        panics.hold(view, offset, length);
      } catch {
        // A damaged one costs no call: those that it ends say that it was not seen.
      }
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
      contents.clear();
      for (const [spanId, kept] of pending) if (kept.processSlot === processSlot) remove(spanId);
    },
  };
}
