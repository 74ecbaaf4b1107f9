import type { Call } from '../event/call.ts';
import type { ProbeDescription } from '../probe/probe.ts';
import type { BaggageAttributes } from './baggage.ts';
import type { BootClock } from './boot-clock.ts';
import { type CallMeaning, type CallSpan, callSpan, instrumentationScope, type SpanOrigin } from './call-span.ts';
import { dbClientFacts, dbClientMeaning, didNothing } from './db-client-span.ts';
import type { SortedDurations } from './duration-metric.ts';
import { functionFacts, functionFailure, functionMeaning } from './function-span.ts';
import { httpClientFacts, httpClientMeaning } from './http-client-span.ts';
import { httpServerFactsFinder, httpServerMeaning } from './http-server-span.ts';
import type { ProbeAccount } from './ledger-account.ts';
import type { DurationRecorder, ProcessMetrics } from './process-metrics.ts';
import type { QueryTexts } from './query-texts.ts';
import { rpcClientFacts, rpcClientMeaning } from './rpc-client-span.ts';
import { rpcServerFacts, rpcServerMeaning } from './rpc-server-span.ts';
import { SIDESPAN } from './semconv.ts';

/** What a probe's calls are turned with. */
export interface CallTelemetryOptions {
  readonly probe: ProbeDescription;
  /** From `ledger.open`. */
  readonly account: ProbeAccount;
  /** Of the process that the probe is in. */
  readonly metrics: ProcessMetrics;
  /** Of all processes. */
  readonly queries: QueryTexts;
  readonly clock: BootClock;
  /** Undefined: no member of the baggage is wanted. */
  readonly baggage?: BaggageAttributes | undefined;
  /** Of the agent: the version of its instrumentation scopes. */
  readonly version: string;
}

export interface CallTelemetry {
  /**
   * Takes a call that came out of the ring: counts it, records its duration, makes its span. Undefined: there is nothing
   * to export, and the account says why.
   */
  (call: Call): CallSpan | undefined;
  /** Calls that were not sampled, which the kernel has counted. */
  openSeries(calls: CallGroup): SeriesSink;
}

/** What is known of calls that the kernel has counted together; undefined: nothing. */
export type CallGroup = CallFacts | undefined;

/** What metrics tell calls apart by. */
export type CallFacts = Pick<Call, 'end' | 'fields' | 'results'>;

/** Takes what the kernel has counted so far, each time more than before. */
export type SeriesSink = (totals: SortedDurations) => void;

/** One for each probe of each process. */
export function createCallTelemetry(options: CallTelemetryOptions): CallTelemetry {
  const { probe, account, metrics, clock, version } = options;
  const scope = instrumentationScope(probe.scopeName, version);
  const origin: SpanOrigin = { resource: metrics.resource, scope, account, clock };
  const interpret = interpreter(options, scope);

  function take(call: Call): CallSpan | undefined {
    account.received++;
    // Its exit was not seen: neither its duration nor its results are known.
    if (call.end === 'unpaired') {
      account.unpaired++;
      return undefined;
    }
    const meaning = interpret.call(call);
    if (meaning === undefined) {
      account.withoutMeaning++;
      return undefined;
    }
    if (call.parentBy !== undefined) meaning.attributes[SIDESPAN.PARENT_BY] = call.parentBy;
    options.baggage?.(call, meaning.attributes);
    return callSpan(call, meaning, origin);
  }
  return Object.assign(take, {
    openSeries(calls: CallGroup): SeriesSink {
      const add = interpret.group(calls);
      let before: SortedDurations | undefined;
      return (totals) => {
        add(difference(totals, before));
        before = totals;
      };
    },
  });
}

function difference(now: SortedDurations, before: SortedDurations | undefined): SortedDurations {
  if (before === undefined) return now;
  const counts = now.counts.map((count, bucket) => count - (before.counts[bucket] ?? 0));
  return { ...now, counts, sumNs: now.sumNs - before.sumNs };
}

/** Records durations, and says what a call means. */
interface Interpreter {
  /** Undefined: nothing was done that anybody asked for. */
  call(call: Call): CallMeaning | undefined;
  group(calls: CallGroup): (durations: SortedDurations) => void;
}

function interpreter(
  { probe, metrics, queries }: Pick<CallTelemetryOptions, 'probe' | 'metrics' | 'queries'>,
  scope: SpanOrigin['scope'],
): Interpreter {
  switch (probe.kind) {
    case 'http.server': {
      return interpreterOf(metrics.httpServer(scope), httpServerFactsFinder(), httpServerMeaning);
    }
    case 'http.client': {
      return interpreterOf(metrics.httpClient(scope), httpClientFacts, httpClientMeaning);
    }
    case 'rpc.server': {
      return interpreterOf(metrics.rpcServer(scope), rpcServerFacts, rpcServerMeaning);
    }
    case 'rpc.client': {
      return interpreterOf(metrics.rpcClient(scope), rpcClientFacts, rpcClientMeaning);
    }
    case 'db.client': {
      const facts = (call: CallFacts) => dbClientFacts(call, queries, probe.known);
      const interpret = interpreterOf(metrics.dbClient(scope), facts, dbClientMeaning);
      return { ...interpret, call: (call) => (didNothing(call, probe.known) ? undefined : interpret.call(call)) };
    }
    case 'function': {
      const facts = functionFacts(probe);
      const durations = metrics.function(scope, facts.functionName);
      return {
        call(call) {
          const failure = functionFailure(call, facts);
          if (call.end !== 'inlined') durations.record(failure?.type, call.durationNs);
          return functionMeaning(call, facts, failure);
        },
        group(calls) {
          const of = calls && { of: functionFailure(calls, facts)?.type };
          return (sorted) => durations.add(of, sorted);
        },
      };
    }
  }
}

function interpreterOf<Facts>(
  durations: DurationRecorder<Facts>,
  factsOf: (call: CallFacts) => Facts,
  meaningOf: (call: Call, facts: Facts) => CallMeaning,
): Interpreter {
  return {
    call(call) {
      const facts = factsOf(call);
      durations.record(facts, call.durationNs);
      return meaningOf(call, facts);
    },
    group(calls) {
      const of = calls && { of: factsOf(calls) };
      return (sorted) => durations.add(of, sorted);
    },
  };
}
