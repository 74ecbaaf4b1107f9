/** SIDESPAN_GRPC_MESSAGES: messages and bytes of gRPC calls, beside what grpc-go's own stats.Handler counts. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { grpcClientTarget, grpcOddTarget, grpcTarget } from '../support/grpc-target.ts';
import type { SinkSpan } from '../support/otlp-sink.ts';
import { startTracedService } from '../support/traced-service.ts';

const run = promisify(execFile);

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
    const mixed = new Set<string>();
    for (const { kind, attributes } of spans) {
      if (attributes['rpc.status_code'] !== 'OK') continue;
      const key = `${kind} /${attributes['rpc.method']}`;
      if (isMixed(attributes)) {
        mixed.add(key);
        continue;
      }
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
    assert.ok(mixed.size <= 1, [...mixed].join(', '));
    // To the stats.Handler each attempt is a call of its own; to Sidespan the last one counts.
    const retried = 'CLIENT /sidespan.test.Odd/Retried';
    if (version === '1.85.0') assert.deepEqual([seen[retried]?.sentMessages, seen[retried]?.receivedMessages], [3, 3]);
    for (const kind of ['CLIENT', 'SERVER']) {
      for (const method of ['Ok', 'OkError', 'Large', 'Held', 'Echo', 'Duplex']) {
        const key = `${kind} /sidespan.test.Odd/${method}`;
        if (mixed.has(key)) continue;
        const { receivedBytes, ...counts } = seen[key] ?? assert.fail(key);
        const { receivedBytes: expectedBytes, ...expected } = messages[key] ?? assert.fail(key);
        assert.deepEqual(counts, expected, key);
        if (!Number.isNaN(receivedBytes)) assert.equal(receivedBytes, expectedBytes, key);
      }
    }
  });
}

test('more streams than there are places: the counts are right, or it is said that there was no room', {
  timeout: 60_000,
}, async (t) => {
  const service = await startTracedService(t, await grpcTarget(), {
    env: { SIDESPAN_GRPC_MESSAGES: 'on', SIDESPAN_MAX_GOROUTINES: '64' },
  });
  await run(await grpcClientTarget(), ['-target', service.address, '-n', '150', '-c', '150', '-kinds', 'nap']);
  const { spans, summary, log } = await service.stopAgent();
  const unknown = ({ attributes }: SinkSpan) =>
    String(attributes['sidespan.unavailable']).includes('receivedMessages: more streams at once than');
  const lost = spans.filter(unknown);
  assert.ok(lost.length > 0 && lost.length < spans.length, log);
  for (const { attributes } of spans) {
    const expected = lost.some((span) => span.attributes === attributes) ? undefined : 1;
    assert.equal(attributes['sidespan.rpc.received.messages'], expected);
    assert.equal(attributes['sidespan.rpc.sent.messages'], expected);
  }
  const probe = summary.probes.find(({ kind }) => kind === 'rpc.server');
  assert.equal(probe?.incomplete['grpc_messages_no_room'], lost.length, log);
  assert.equal(summary.balanced, true);
});

/** Of a unary request that took long to arrive: the memory with its size was collected meanwhile. */
function isUnknown(attributes: SinkSpan['attributes'], field: string): boolean {
  const unavailable = attributes['sidespan.unavailable'];
  return Array.isArray(unavailable) && unavailable.includes(`${field}: garbage collected`);
}

/** A stream came to lie where one was whose end nobody saw: then what was counted there is nobody's. Seldom. */
function isMixed(attributes: SinkSpan['attributes']): boolean {
  const unavailable = attributes['sidespan.unavailable'];
  return Array.isArray(unavailable) && unavailable.some((text) => /Messages: fault$/.test(String(text)));
}
