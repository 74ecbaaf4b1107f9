import type { Call } from '../event/call.ts';
import type { ProbeDescription } from '../probe/probe.ts';
import type { BootClock } from './boot-clock.ts';
import { type CallMeaning, type CallSpan, callSpan, instrumentationScope, type SpanOrigin } from './call-span.ts';
import { functionFacts, functionFailure, functionMeaning } from './function-span.ts';
import { httpClientFacts, httpClientMeaning } from './http-client-span.ts';
import { httpServerFactsFinder, httpServerMeaning } from './http-server-span.ts';
import type { ProbeAccount } from './ledger-account.ts';
import type { ProcessMetrics } from './process-metrics.ts';
import { rpcServerFacts, rpcServerMeaning } from './rpc-server-span.ts';
import type { Sampler } from './sampler.ts';

/** What a probe's calls are turned with. */
export interface CallTelemetryOptions {
  readonly probe: ProbeDescription;
  /** From `ledger.open`. */
  readonly account: ProbeAccount;
  /** Of the process that the probe is in. */
  readonly metrics: ProcessMetrics;
  readonly sampler: Sampler;
  readonly clock: BootClock;
  /** Of the agent: the version of its instrumentation scopes. */
  readonly version: string;
}

/**
 * Takes a call that came out of the ring: counts it, records its duration and, if its trace is sampled, makes its span.
 * Undefined: there is nothing to export, and the account says why.
 */
export type CallTelemetry = (call: Call) => CallSpan | undefined;

/** One for each probe of each process. */
export function createCallTelemetry(options: CallTelemetryOptions): CallTelemetry {
  const { probe, account, metrics, sampler, clock, version } = options;
  const scope = instrumentationScope(probe.scopeName, version);
  const origin: SpanOrigin = { resource: metrics.resource, scope, account, clock };
  const interpret = interpreter(probe, metrics, scope);

  return (call) => {
    account.received++;
    // Its exit was not seen: neither its duration nor its results are known.
    if (call.end === 'unpaired') {
      account.unpaired++;
      return undefined;
    }
    const meaning = interpret(call, sampler(call));
    if (meaning === undefined) {
      account.sampledOut++;
      return undefined;
    }
    return callSpan(call, meaning, origin);
  };
}

/** Records the duration; works the meaning out only if it is wanted. */
type Interpreter = (call: Call, sampled: boolean) => CallMeaning | undefined;

function interpreter(probe: ProbeDescription, metrics: ProcessMetrics, scope: SpanOrigin['scope']): Interpreter {
  switch (probe.kind) {
    case 'http.server': {
      const record = metrics.httpServer(scope);
      const factsOf = httpServerFactsFinder();
      return (call, sampled) => {
        const facts = factsOf(call);
        record(facts, call.durationNs);
        return sampled ? httpServerMeaning(call, facts) : undefined;
      };
    }
    case 'http.client': {
      const record = metrics.httpClient(scope);
      return (call, sampled) => {
        const facts = httpClientFacts(call);
        record(facts, call.durationNs);
        return sampled ? httpClientMeaning(call, facts) : undefined;
      };
    }
    case 'rpc.server': {
      const record = metrics.rpcServer(scope);
      return (call, sampled) => {
        const facts = rpcServerFacts(call);
        record(facts, call.durationNs);
        return sampled ? rpcServerMeaning(call, facts) : undefined;
      };
    }
    case 'function': {
      const facts = functionFacts(probe);
      const record = metrics.function(scope, facts.functionName);
      return (call, sampled) => {
        const failure = functionFailure(call, facts);
        if (call.end !== 'inlined') record(failure?.type, call.durationNs);
        return sampled ? functionMeaning(call, facts, failure) : undefined;
      };
    }
  }
}
