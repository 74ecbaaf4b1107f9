import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import { ProtobufWriter, varintBytes } from './protobuf-writer.ts';
import type { SpanBatch, SpanOrigin } from './span-batches.ts';
import { writeResource, writeScope, writeText } from './span-encoder.ts';

/** `ScopeSpans` before it is written. */
interface ScopeSpans {
  /** The fields before and behind the spans. */
  readonly head: Buffer;
  readonly tail: Buffer;
  /** Of the batch's bytes. Spans that lie behind one another are one piece. */
  readonly pieces: { readonly start: number; end: number }[];
}

/** `ResourceSpans` before it is written. */
interface ResourceSpans {
  readonly head: Buffer;
  readonly tail: Buffer;
  readonly scopes: Map<InstrumentationScope, ScopeSpans>;
}

const BYTES = 2;
const RESOURCE_BYTES = 1024;

/** `ExportTraceServiceRequest`, in memory of its own. */
export function spanRequest(batch: SpanBatch): Buffer {
  const resources = [...grouped(batch)].map((group) => {
    const scopes = [...group.scopes.values()].map((scope) => ({ ...scope, sizeBytes: sizeOfScope(scope) }));
    const ofScopes = scopes.reduce((sum, { sizeBytes }) => sum + fieldBytes(sizeBytes), 0);
    return { ...group, scopes, sizeBytes: group.head.length + ofScopes + group.tail.length };
  });
  const sizeBytes = resources.reduce((sum, group) => sum + fieldBytes(group.sizeBytes), 0);
  const writer = new ProtobufWriter(sizeBytes);
  const spans = batch.writer.bytes;
  for (const group of resources) {
    writer.tag(1, BYTES);
    writer.small(group.sizeBytes);
    writer.copy(group.head, 0, group.head.length);
    for (const scope of group.scopes) {
      writer.tag(2, BYTES);
      writer.small(scope.sizeBytes);
      writer.copy(scope.head, 0, scope.head.length);
      for (const { start, end } of scope.pieces) writer.copy(spans, start, end);
      writer.copy(scope.tail, 0, scope.tail.length);
    }
    writer.copy(group.tail, 0, group.tail.length);
  }
  return writer.bytes;
}

function grouped({ items, ends }: SpanBatch): Iterable<ResourceSpans> {
  const groups = new Map<Resource, ResourceSpans>();
  let last: SpanOrigin | undefined;
  let pieces: ScopeSpans['pieces'] = [];
  items.forEach((origin, index) => {
    if (origin.resource !== last?.resource || origin.scope !== last.scope) pieces = piecesOf(groups, origin);
    last = origin;
    const start = ends[index - 1] ?? 0;
    const end = ends[index] ?? start;
    const piece = pieces.at(-1);
    if (piece?.end === start) piece.end = end;
    else pieces.push({ start, end });
  });
  return groups.values();
}

function piecesOf(groups: Map<Resource, ResourceSpans>, { resource, scope }: SpanOrigin): ScopeSpans['pieces'] {
  let group = groups.get(resource);
  if (group === undefined) {
    const head = field1((writer) => writeResource(writer, resource));
    group = { head, tail: schemaField(resource.schemaUrl), scopes: new Map() };
    groups.set(resource, group);
  }
  let ofScope = group.scopes.get(scope);
  if (ofScope === undefined) {
    const head = field1((writer) => writeScope(writer, scope));
    ofScope = { head, tail: schemaField(scope.schemaUrl), pieces: [] };
    group.scopes.set(scope, ofScope);
  }
  return ofScope.pieces;
}

type Write = (writer: ProtobufWriter) => void;

/** `resource` of `ResourceSpans`, `scope` of `ScopeSpans`. */
function field1(write: Write): Buffer {
  const writer = new ProtobufWriter(RESOURCE_BYTES);
  writer.tag(1, BYTES);
  const opened = writer.open();
  write(writer);
  writer.close(opened);
  return writer.bytes;
}

/** `schema_url` of both; left out where there is none. */
function schemaField(url: string | undefined): Buffer {
  const writer = new ProtobufWriter(RESOURCE_BYTES);
  if (url) writeText(writer, 3, url);
  return writer.bytes;
}

function sizeOfScope({ head, tail, pieces }: ScopeSpans): number {
  return pieces.reduce((sum, { start, end }) => sum + end - start, head.length + tail.length);
}

/** Of a field with a length: with its number, which is a byte. */
function fieldBytes(length: number): number {
  return 1 + varintBytes(length) + length;
}
