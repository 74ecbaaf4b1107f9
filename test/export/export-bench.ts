import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import type { OtlpOptions } from '../../src/export/otlp-options.ts';
import { createTraceExport, type TraceExport, type TraceExportOptions } from '../../src/export/trace-export.ts';
import type { CallSpan, SpanOrigin } from '../../src/telemetry/call-span.ts';
import { NO_COUNTS } from '../../src/telemetry/ledger-account.ts';
import { balanced, type LedgerRow } from '../../src/telemetry/ledger-snapshot.ts';
import { ledgerTable } from '../../src/telemetry/ledger-table.ts';
import { call, fields, httpFields, httpProbe, telemetryFor } from '../support/calls.ts';

const noTls = { caFile: undefined, keyFile: undefined, certificateFile: undefined };
const quickRetry = { firstMs: 20, maxMs: 50 };

type Protocol = OtlpOptions['protocol'];

export interface Bench {
  readonly exporter: TraceExport<SpanOrigin>;
  /** Makes spans and adds them, a batch of its own for each call of this. */
  add(count: number): void;
  /** The ledger's row after all is over. */
  row(): LedgerRow;
  readonly problems: string[];
}

export interface Changes {
  readonly otlp?: Partial<OtlpOptions>;
  readonly batch?: Partial<TraceExportOptions['batch']>;
  readonly exporters?: TraceExportOptions['exporters'];
  readonly output?: { write(text: string, done: (error?: Error | null) => void): boolean };
}

export async function open(protocol: Protocol, address: string, changes: Changes = {}): Promise<Bench> {
  const { telemetry, ledger, account } = telemetryFor(httpProbe);
  const problems: string[] = [];
  const exporter = await createTraceExport<SpanOrigin>(
    {
      exporters: changes.exporters ?? ['otlp'],
      otlp: {
        protocol,
        url: protocol === 'grpc' ? `http://${address}` : `http://${address}/v1/traces`,
        headers: new Map(),
        timeoutMs: 10_000,
        compression: 'none',
        tls: noTls,
        ...changes.otlp,
      },
      batch: { delayMs: 50, timeoutMs: 30_000, maxQueueSize: 16_384, maxBatchSize: 512, ...changes.batch },
    },
    {
      onExported: (spans) => ledger.exported(spans),
      onDropped: (spans, reason) => ledger.dropped(spans, reason),
      onProblem: (message) => problems.push(message),
    },
    { version: '0.1.0', retry: quickRetry, ...(changes.output && { output: changes.output }) },
  );
  let made = 0;
  return {
    exporter,
    problems,
    add(count) {
      made += count;
      const spans = Array.from({ length: count }, () => telemetry(call({ fields: fields(httpFields) })) as CallSpan);
      exporter.add(spans);
    },
    row() {
      account.kernel = { ...NO_COUNTS, seen: made, ended: [made, 0, 0, 0, 0] };
      const snapshot = ledger.snapshot();
      assert.equal(balanced(snapshot), true, ledgerTable(snapshot));
      return snapshot.rows[0] as LedgerRow;
    },
  };
}

/** An address on which nothing listens. */
export async function deadAddress(): Promise<string> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}
