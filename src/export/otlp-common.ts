import type { Attributes, HrTime } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import {
  beginMessage,
  createWriter,
  endMessage,
  type ProtobufWriter,
  WIRE,
  writeDouble,
  writeFixed32,
  writeRaw,
  writeTag,
  writeText,
  writeVarint,
  writtenBytes,
} from './protobuf-writer.ts';

/**
 * Messages that traces and metrics share: opentelemetry/proto/common/v1/common.proto and resource/v1/resource.proto.
 * The bytes are those of the SDK's serializer, which takes 5 to 8 us for a span with 15 attributes.
 */

/** Of AnyValue. */
const ANY = { STRING: 1, BOOL: 2, INT: 3, DOUBLE: 4, ARRAY: 5 } as const;

/** `repeated KeyValue` in the message's field of that number; an undefined value is an empty AnyValue. */
export function writeAttributes(writer: ProtobufWriter, attributes: Attributes, field: number): void {
  for (const key in attributes) {
    writeTag(writer, field, WIRE.LENGTH);
    const entry = beginMessage(writer);
    writeRaw(writer, encodedKeys.get(key) ?? encodeKey(key));
    const value = beginMessage(writer);
    writeAnyValue(writer, attributes[key]);
    endMessage(writer, value);
    endMessage(writer, entry);
  }
}

/** More are not kept: a few hundred names are all that an agent uses, unless it is fed with made-up ones. */
const MAX_KEYS = 4096;
const encodedKeys = new Map<string, Uint8Array>();

/** The start of a KeyValue up to the length of its value: half of a span's bytes are names of attributes. */
function encodeKey(key: string): Uint8Array {
  const part = createWriter(3 * key.length + 8);
  writeTag(part, 1, WIRE.LENGTH);
  writeText(part, key);
  writeTag(part, 2, WIRE.LENGTH);
  const encoded = writtenBytes(part);
  if (encodedKeys.size < MAX_KEYS) encodedKeys.set(key, encoded);
  return encoded;
}

function writeAnyValue(writer: ProtobufWriter, value: Attributes[string] | null): void {
  if (typeof value === 'string') {
    writeTag(writer, ANY.STRING, WIRE.LENGTH);
    writeText(writer, value);
  } else if (typeof value === 'number') {
    if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) {
      writeTag(writer, ANY.INT, WIRE.VARINT);
      writeVarint(writer, value);
    } else {
      writeTag(writer, ANY.DOUBLE, WIRE.FIXED64);
      writeDouble(writer, value);
    }
  } else if (typeof value === 'boolean') {
    writeTag(writer, ANY.BOOL, WIRE.VARINT);
    writeVarint(writer, value ? 1 : 0);
  } else if (Array.isArray(value)) {
    writeTag(writer, ANY.ARRAY, WIRE.LENGTH);
    const array = beginMessage(writer);
    for (const item of value) {
      writeTag(writer, 1, WIRE.LENGTH);
      const entry = beginMessage(writer);
      writeAnyValue(writer, item ?? null);
      endMessage(writer, entry);
    }
    endMessage(writer, array);
  }
}

let lastSeconds = -1;
let lastLow = 0;
let lastHigh = 0;

/** A time as fixed64 nanoseconds. The spans of a batch are of the same few seconds. */
export function writeTime(writer: ProtobufWriter, time: HrTime): void {
  const [seconds, ns] = time;
  if (seconds !== lastSeconds) {
    const total = BigInt(seconds) * 1_000_000_000n;
    lastLow = Number(BigInt.asUintN(32, total));
    lastHigh = Number(BigInt.asUintN(32, total >> 32n));
    lastSeconds = seconds;
  }
  const low = lastLow + ns;
  writeFixed32(writer, low >>> 0);
  writeFixed32(writer, low > 0xffff_ffff ? lastHigh + 1 : lastHigh);
}

export function writeResource(writer: ProtobufWriter, resource: Resource): void {
  const message = beginMessage(writer, 2);
  writeAttributes(writer, resource.attributes, 1);
  writeTag(writer, 2, WIRE.VARINT); // dropped_attributes_count
  writeVarint(writer, 0);
  endMessage(writer, message, 2);
}

export function writeScope(writer: ProtobufWriter, scope: InstrumentationScope): void {
  const message = beginMessage(writer);
  writeTag(writer, 1, WIRE.LENGTH);
  writeText(writer, scope.name);
  if (scope.version) {
    writeTag(writer, 2, WIRE.LENGTH);
    writeText(writer, scope.version);
  }
  endMessage(writer, message);
}

export function writeSchemaUrl(writer: ProtobufWriter, schemaUrl: string | undefined): void {
  if (!schemaUrl) return;
  writeTag(writer, 3, WIRE.LENGTH);
  writeText(writer, schemaUrl);
}
