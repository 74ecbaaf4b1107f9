import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ExportError } from '../../src/export/export-error.ts';
import type { OtlpOptions } from '../../src/export/otlp-options.ts';
import { createTraceExport } from '../../src/export/trace-export.ts';
import type { CallSpan, SpanOrigin } from '../../src/telemetry/call-span.ts';
import { call, httpProbe, telemetryFor } from '../support/calls.ts';
import { makeCertificates, type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts';
import { eventually } from '../support/running.ts';

describe('OTLP with TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sidespan-tls-'));
  const file = (name: string) => join(folder, name);
  const server = { certificate: file('server.pem'), key: file('server-key.pem') };
  let sink: OtlpSink;
  let mutual: OtlpSink;

  before(async () => {
    await makeCertificates(folder);
    sink = await startOtlpSink({ tls: server });
    mutual = await startOtlpSink({ tls: { ...server, clientCa: file('ca.pem') } });
  });
  after(async () => {
    await sink.stop();
    await mutual.stop();
    rmSync(folder, { recursive: true });
  });

  /** Sends a span. @returns what was reported, and how many were exported and dropped. */
  async function send(to: OtlpSink, protocol: OtlpOptions['protocol'], tls: Partial<OtlpOptions['tls']>) {
    const problems: string[] = [];
    let exported = 0;
    let dropped = 0;
    const url = protocol === 'grpc' ? `https://${to.grpc}` : `https://${to.http}/v1/traces`;
    const exporter = await createTraceExport<SpanOrigin>(
      {
        exporters: ['otlp'],
        otlp: {
          protocol,
          url,
          headers: new Map(),
          timeoutMs: 10_000,
          compression: 'none',
          tls: { caFile: undefined, keyFile: undefined, certificateFile: undefined, ...tls },
        },
        batch: { delayMs: 10, timeoutMs: 20_000, maxQueueSize: 100, maxBatchSize: 10 },
      },
      {
        onExported: (spans) => {
          exported += spans.length;
        },
        onDropped: (spans) => {
          dropped += spans.length;
        },
        onProblem: (message) => problems.push(message),
      },
      { version: '0.1.0', retry: { firstMs: 20, maxMs: 40 } },
    );
    exporter.add([telemetryFor(httpProbe).telemetry(call()) as CallSpan]);
    await eventually(
      () => exported + problems.length,
      (outcomes) => outcomes > 0,
    );
    await exporter.shutdown(1);
    return { exported, dropped, problems };
  }

  for (const protocol of ['grpc', 'http/protobuf'] as const) {
    const own = { keyFile: file('client-key.pem'), certificateFile: file('client.pem') };

    test(`${protocol}: a receiver whose authority is known`, async () => {
      assert.deepEqual(await send(sink, protocol, { caFile: file('ca.pem') }), {
        exported: 1,
        dropped: 0,
        problems: [],
      });
    });

    test(`${protocol}: an authority that did not sign`, async () => {
      const { exported, dropped, problems } = await send(sink, protocol, { caFile: file('other-ca.pem') });
      assert.deepEqual([exported, dropped], [0, 1]);
      assert.match(problems[0] ?? '', /certificate|signature/i);
    });

    test(`${protocol}: an authority that nobody knows`, async () => {
      const { dropped, problems } = await send(sink, protocol, {});
      assert.equal(dropped, 1);
      assert.match(problems[0] ?? '', /certificate/);
    });

    test(`${protocol}: both show certificates`, async () => {
      const result = await send(mutual, protocol, { caFile: file('ca.pem'), ...own });
      assert.deepEqual(result, { exported: 1, dropped: 0, problems: [] });
    });

    test(`${protocol}: the client shows none`, async () => {
      const { exported, dropped, problems } = await send(mutual, protocol, { caFile: file('ca.pem') });
      assert.deepEqual([exported, dropped, problems.length], [0, 1, 1]);
    });
  }

  test('a file that is not there is an error at the start', async () => {
    await assert.rejects(send(sink, 'grpc', { caFile: file('missing.pem') }), (error: unknown) => {
      assert.ok(error instanceof ExportError);
      assert.match(error.message, /missing\.pem/);
      return true;
    });
  });

  test('a file that is no certificate', async () => {
    writeFileSync(file('nonsense.pem'), 'hello');
    for (const protocol of ['grpc', 'http/protobuf'] as const) {
      await assert.rejects(
        send(sink, protocol, { keyFile: file('nonsense.pem'), certificateFile: file('nonsense.pem') }),
        ExportError,
      );
    }
  });
});
