import type { Attributes } from '@opentelemetry/api';
import { type HasFields, integerField } from './preset-field.ts';
import { SIDESPAN } from './semconv.ts';

/** MESSAGE_BYTES_UNKNOWN of bpf/event.h. */
const bytesUnknown = 2 ** 52;

/** How many messages of a gRPC call passed, and their bytes, where they were counted (SIDESPAN_GRPC_MESSAGES). */
export function addMessageCounts(call: HasFields, attributes: Attributes): void {
  for (const [field, name] of messageAttributes) {
    const count = integerField(call, field);
    if (count === undefined) continue;
    if (count < bytesUnknown) attributes[name] = count;
    else attributes[SIDESPAN.UNAVAILABLE] = [`${field}: garbage collected`];
  }
}

const messageAttributes = [
  ['sentMessages', SIDESPAN.RPC_SENT_MESSAGES],
  ['sentBytes', SIDESPAN.RPC_SENT_BYTES],
  ['receivedMessages', SIDESPAN.RPC_RECEIVED_MESSAGES],
  ['receivedBytes', SIDESPAN.RPC_RECEIVED_BYTES],
] as const;
