/** SIDESPAN_GRPC_MESSAGES: messages and bytes of gRPC calls, beside what grpc-go's own stats.Handler counts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grpcOddTarget } from '../support/grpc-target.ts';
import type { SinkSpan } from '../support/otlp-sink.ts';
import { startTracedService } from '../support/traced-service.ts';

interface Messages {
  readonly sentMessages: number;
  readonly sentBytes: number;
  readonly receivedMessages: number;
  readonly receivedBytes: number;
}

for (const [version, options] of [
  ['1.85.0', { ldflags: '-s -w' }],
  ['1.40.1', {}],
] as const) {
  test(`messages and bytes of calls that end well, grpc-go ${version} ${JSON.stringify(options)}`, {
    timeout: 60_000,
  }, async (t) => {
    const env = { SIDESPAN_GRPC_MESSAGES: 'on' };
    const program = await startTracedService(t, await grpcOddTarget(version, options), { env, args: ['-rounds', '3'] });
    program.tell();
    const { messages } = JSON.parse(await program.line()) as { readonly messages: Readonly<Record<string, Messages>> };
    const { spans, log } = await program.stopAgent();

    const seen: Record<string, Messages> = {};
    for (const { kind, attributes } of spans) {
      if (attributes['rpc.status_code'] !== 'OK') continue;
      const key = `${kind} /${attributes['rpc.method']}`;
      const sum = (field: keyof Messages, attribute: string) => {
        const count = attributes[`sidespan.rpc.${attribute}`];
        if (isUnknown(attributes, field)) return Number.NaN;
        assert.equal(typeof count, 'number', `${key}: ${JSON.stringify(attributes)}\n${log}`);
        return Number(count) + (seen[key]?.[field] ?? 0);
      };
      seen[key] = {
        sentMessages: sum('sentMessages', 'sent.messages'),
        sentBytes: sum('sentBytes', 'sent.bytes'),
        receivedMessages: sum('receivedMessages', 'received.messages'),
        receivedBytes: sum('receivedBytes', 'received.bytes'),
      };
    }
    // To the stats.Handler each attempt is a call of its own; to Sidespan the last one counts.
    const retried = 'CLIENT /sidespan.test.Odd/Retried';
    if (version === '1.85.0') assert.deepEqual([seen[retried]?.sentMessages, seen[retried]?.receivedMessages], [3, 3]);
    for (const kind of ['CLIENT', 'SERVER']) {
      for (const method of ['Ok', 'OkError', 'Large', 'Held', 'Echo', 'Duplex']) {
        const key = `${kind} /sidespan.test.Odd/${method}`;
        const { receivedBytes, ...counts } = seen[key] ?? assert.fail(key);
        const { receivedBytes: expectedBytes, ...expected } = messages[key] ?? assert.fail(key);
        assert.deepEqual(counts, expected, key);
        if (!Number.isNaN(receivedBytes)) assert.equal(receivedBytes, expectedBytes, key);
      }
    }
  });
}

/** Of a unary request that took long to arrive: the memory with its size was collected meanwhile. */
function isUnknown(attributes: SinkSpan['attributes'], field: string): boolean {
  const unavailable = attributes['sidespan.unavailable'];
  return Array.isArray(unavailable) && unavailable.includes(`${field}: garbage collected`);
}
