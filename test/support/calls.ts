import type { Call } from '../../src/event/call.ts';
import type { Value } from '../../src/event/value.ts';
import type { ProbeDescription } from '../../src/probe/probe.ts';
import { createBootClock } from '../../src/telemetry/boot-clock.ts';
import { type CallTelemetry, createCallTelemetry } from '../../src/telemetry/call-telemetry.ts';
import { USUAL_METHODS } from '../../src/telemetry/http-words.ts';
import { createLedger, type Ledger } from '../../src/telemetry/ledger.ts';
import type { ProbeAccount } from '../../src/telemetry/ledger-account.ts';
import { createProcessMetrics, type ProcessMetrics } from '../../src/telemetry/process-metrics.ts';
import { createQueryTexts } from '../../src/telemetry/query-texts.ts';
import { processResource } from '../../src/telemetry/resource.ts';

/** Decoded calls as the event station hands them over, for the stations behind it. */

export const httpProbe: ProbeDescription = {
  kind: 'http.server',
  functionName: 'net/http.serverHandler.ServeHTTP',
  scopeName: 'sidespan/net/http',
};
export const grpcProbe: ProbeDescription = {
  kind: 'rpc.server',
  functionName: 'google.golang.org/grpc.(*Server).handleStream',
  scopeName: 'sidespan/google.golang.org/grpc',
};
export const httpClientProbe: ProbeDescription = {
  kind: 'http.client',
  functionName: 'net/http.(*Transport).roundTrip',
  scopeName: 'sidespan/net/http',
};
export const grpcClientProbe: ProbeDescription = {
  kind: 'rpc.client',
  functionName: 'google.golang.org/grpc.newClientStream',
  scopeName: 'sidespan/google.golang.org/grpc',
};
export const functionProbe: ProbeDescription = {
  kind: 'function',
  functionName: 'github.com/acme/shop/cart.(*Cart).Add',
  source: { file: '/src/cart/cart.go', line: 41 },
  errorResult: 1,
  scopeName: 'sidespan/function',
};

export function value(name: string, type: string, goType: string, content: Value['value']): Value {
  return { name, type, goType, value: content as NonNullable<Value['value']> };
}

export function textValue(name: string, text: string): Value {
  return value(name, 'STRING', 'string', text);
}

export function intValue(name: string, number: number): Value {
  return value(name, 'INT', 'int64', number);
}

export function unavailable(name: string, reason: string): Value {
  return { name, type: 'STRING', goType: 'string', unavailable: reason };
}

/** Fields of a preset from plain values. */
export function fields(values: Readonly<Record<string, string | number | boolean | null>>): Value[] {
  return Object.entries(values).map(([name, content]) =>
    value(
      name,
      typeof content === 'string' ? 'STRING' : typeof content === 'number' ? 'INT' : 'PTR',
      typeof content,
      content,
    ),
  );
}

let ids = 0;

/** A call that returned after 1.5 ms, unless told otherwise. */
export function call(changes: Partial<Call> = {}): Call {
  ids++;
  return {
    processSlot: 0,
    probe: 0,
    goid: 18,
    start: [1000, 999_999_000],
    durationNs: 1_500_000,
    end: 'returned',
    traceId: (0x0af7651916cd43dd8448eb211c000000n + BigInt(ids)).toString(16).padStart(32, '0'),
    spanId: (0xb7ad6b7100000000n + BigInt(ids)).toString(16),
    samplingThreshold: 0,
    frameIndex: 0,
    arguments: [],
    results: [],
    fields: [],
    ...changes,
  };
}

/** GET /cart/7 as net/http's preset reads it. */
export const httpFields = {
  method: 'GET',
  path: '/cart/7',
  query: 'page=2',
  host: 'shop.example.com:8080',
  peer: '10.1.2.3:51234',
  protoMajor: 1,
  protoMinor: 1,
  contentLength: 0,
  pattern: 'GET /cart/{id}',
  tls: null,
  userAgent: 'curl/8.9.1',
  status: 200,
  written: 512,
};

export interface TelemetryForTests {
  readonly telemetry: CallTelemetry;
  readonly ledger: Ledger;
  readonly account: ProbeAccount;
  readonly metrics: ProcessMetrics;
}

/** The wall clock is 1,700,000,000 s ahead of the boot clock. */
export function telemetryFor(probe: ProbeDescription, { guessRoutes } = { guessRoutes: false }): TelemetryForTests {
  const ledger = createLedger();
  const account = ledger.open({ pid: 4711, serviceName: 'gateway' }, probe);
  const resource = processResource({ pid: 4711, startTicks: 5000, exePath: '/srv/gateway' }, { version: '0.1.0' });
  const metrics = createProcessMetrics(resource);
  const clock = createBootClock((id) => (id === 7 ? 5_000_000_000n : 1_700_000_005_000_000_500n));
  const telemetry = createCallTelemetry({
    probe,
    account,
    metrics,
    queries: createQueryTexts({ isShown: true }),
    clock,
    knownMethods: USUAL_METHODS,
    guessRoutes,
    version: '0.1.0',
  });
  return { telemetry, ledger, account, metrics };
}
