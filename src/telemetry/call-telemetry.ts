import type { Call, CallContent } from '../event/call.ts';
import type { ProbeDescription } from '../probe/probe.ts';
import type { BaggageAttributes } from './baggage.ts';
import type { BootClock } from './boot-clock.ts';
import type { BodySizes, CallRecorder, CallTotals } from './call-metrics.ts';
import {
  type CallMeaning,
  type CallSpan,
  callSpan,
  instrumentationScope,
  type SpanOrigin,
  STATUS_ERROR_CODE,
} from './call-span.ts';
import { connectClientFacts } from './connect-client-span.ts';
import { dbClientFacts, dbClientMeaning, didNothing } from './db-client-span.ts';
import { functionFacts, functionFailure, functionMeaning } from './function-span.ts';
import { createRouteGuesser } from './guessed-route.ts';
import type { SortedValues } from './histogram-metric.ts';
import { httpClientAddress, httpClientBodySizes, httpClientFacts, httpClientMeaning } from './http-client-span.ts';
import {
  arePrefaces,
  httpServerBodySizes,
  httpServerFactsFinder,
  httpServerMeaning,
  isPreface,
} from './http-server-span.ts';
import type { KnownMethods } from './http-words.ts';
import type { ProbeAccount } from './ledger-account.ts';
import { defined } from './metric-attributes.ts';
import type { ProcessMetrics } from './process-metrics.ts';
import type { QueryTexts } from './query-texts.ts';
import { rpcClientFacts, rpcClientMeaning } from './rpc-client-span.ts';
import { rpcServerFacts, rpcServerMeaning } from './rpc-server-span.ts';
import { ATTR } from './semconv.ts';

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
  readonly knownMethods: KnownMethods;
  /** SIDESPAN_HTTP_ROUTE=guess */
  readonly guessRoutes?: boolean | undefined;
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
  /** A call that is open now, of which what was read at its entry is known. Nothing for calls that are not counted so. */
  countOpen(call: CallFacts): void;
}

/** What is known of calls that the kernel has counted together; undefined: nothing. */
export type CallGroup = CallFacts | undefined;

/** What metrics tell calls apart by. */
export type CallFacts = Pick<CallContent, 'end' | 'fields' | 'results'>;

/** Takes what the kernel has counted so far, each time more than before. */
export type SeriesSink = (totals: CallTotals) => void;

/** One for each probe of each process. */
export function createCallTelemetry(options: CallTelemetryOptions): CallTelemetry {
  const { probe, account, metrics, clock, version } = options;
  const scope = instrumentationScope(probe.scopeName, version);
  const origin: SpanOrigin = { resource: metrics.resource, scope, account, clock };
  const interpret = interpreter(options, scope);

  /** By what was captured; as long as that is kept. */
  const shared = new WeakMap<CallContent, Interpretation>();

  function interpretation(call: Call): Interpretation | undefined {
    const { sharedContent } = call;
    const known = sharedContent && shared.get(sharedContent);
    if (known !== undefined) return known;
    const found = interpret.call(call);
    if (found === undefined) return undefined;
    const { meaning } = found;
    if (options.baggage !== undefined && meaning.attributes !== undefined) options.baggage(call, meaning.attributes);
    if (sharedContent === undefined) return found;
    const { attributes, ...same } = meaning;
    const all = { ...found, meaning: { ...same, shared: { ...meaning.shared, ...attributes } } };
    shared.set(sharedContent, all);
    return all;
  }

  function take(call: Call): CallSpan | undefined {
    account.received++;
    // Its exit was not seen: neither its duration nor its results are known.
    if (call.end === 'unpaired') {
      account.unpaired++;
      return undefined;
    }
    const found = interpretation(call);
    if (found === undefined) {
      account.withoutMeaning++;
      return undefined;
    }
    found.record(call);
    // What the kernel takes for a failure may be none: a stream's end, a row that is not there.
    if (call.kept === 'error' && found.meaning.status.code !== STATUS_ERROR_CODE) {
      account.withoutMeaning++;
      return undefined;
    }
    return callSpan(call, found.meaning, origin);
  }
  return Object.assign(take, {
    openSeries(calls: CallGroup): SeriesSink {
      const add = interpret.group(calls);
      let before: CallTotals | undefined;
      return (totals) => {
        add(since(before, totals));
        before = totals;
      };
    },
    countOpen: (call: CallFacts) => interpret.open?.(call),
  });
}

function since(before: CallTotals | undefined, now: CallTotals): CallTotals {
  if (before === undefined) return now;
  return {
    durations: difference(now.durations, before.durations),
    requestBytes: now.requestBytes && difference(now.requestBytes, before.requestBytes),
    responseBytes: now.responseBytes && difference(now.responseBytes, before.responseBytes),
  };
}

function difference(now: SortedValues, before: SortedValues | undefined): SortedValues {
  if (before === undefined) return now;
  const less = (counts: readonly number[], earlier: readonly number[] = []) =>
    counts.map((count, bucket) => count - (earlier[bucket] ?? 0));
  return {
    ...now,
    counts: less(now.counts, before.counts),
    exponential: now.exponential && less(now.exponential, before.exponential),
    sum: now.sum - before.sum,
  };
}

/** What a call means, and where its duration and sizes count. */
interface Interpretation {
  readonly meaning: CallMeaning;
  record(call: Call): void;
}

interface Interpreter {
  /** Undefined: nothing was done that anybody asked for. */
  call(call: CallContent): Interpretation | undefined;
  group(calls: CallGroup): (totals: CallTotals) => void;
  open?(call: CallFacts): void;
}

function interpreter(
  {
    probe,
    metrics,
    queries,
    knownMethods,
    guessRoutes,
  }: Pick<CallTelemetryOptions, 'probe' | 'metrics' | 'queries' | 'knownMethods' | 'guessRoutes'>,
  scope: SpanOrigin['scope'],
): Interpreter {
  switch (probe.kind) {
    case 'http.server': {
      const factsOf = httpServerFactsFinder(knownMethods, guessRoutes ? createRouteGuesser() : undefined);
      const active = metrics.active(scope, 'httpServer');
      const requests = interpreterOf(metrics.httpServer(scope), factsOf, httpServerMeaning, httpServerBodySizes);
      const panics = probe.known?.['goroutineEnd'] === 'panic';
      const ended = <Of extends CallFacts>(call: Of): Of =>
        panics && call.end === 'goroutine end' ? { ...call, end: 'panic' } : call;
      return {
        call: (call) => (isPreface(call) ? undefined : requests.call(ended(call))),
        group(calls) {
          const of = calls && ended(calls);
          return of && arePrefaces(of, factsOf(of)) ? () => {} : requests.group(of);
        },
        open(call) {
          const facts = factsOf(call);
          const { method, scheme } = facts;
          if (!arePrefaces(call, facts))
            active.count(defined({ [ATTR.HTTP_REQUEST_METHOD]: method, [ATTR.URL_SCHEME]: scheme }));
        },
      };
    }
    case 'http.client': {
      const active = metrics.active(scope, 'httpClient');
      const factsOf = (call: CallFacts) => httpClientFacts(call, knownMethods);
      return {
        ...interpreterOf(metrics.httpClient(scope), factsOf, httpClientMeaning, httpClientBodySizes),
        open: (call) => active.count(httpClientAddress(call, factsOf(call))),
      };
    }
    case 'rpc.server': {
      return interpreterOf(metrics.rpcServer(scope), rpcServerFacts, rpcServerMeaning);
    }
    case 'rpc.client': {
      const factsOf = probe.known?.system === 'connectrpc' ? connectClientFacts : rpcClientFacts;
      return interpreterOf(metrics.rpcClient(scope), factsOf, rpcClientMeaning);
    }
    case 'db.client': {
      const facts = (call: CallFacts) => dbClientFacts(call, queries, probe.known);
      const interpret = interpreterOf(metrics.dbClient(scope), facts, dbClientMeaning);
      return {
        call: (call) => (didNothing(call, probe.known) ? undefined : interpret.call(call)),
        group: (calls) => (calls && didNothing(calls, probe.known) ? () => {} : interpret.group(calls)),
      };
    }
    case 'function': {
      const facts = functionFacts(probe);
      const durations = metrics.function(scope, facts.functionName);
      return {
        call(call) {
          const failure = functionFailure(call, facts);
          const meaning = functionMeaning(call, facts, failure);
          const isTimed = call.end !== 'inlined';
          return { meaning, record: (timed) => isTimed && durations.record(failure?.type, timed) };
        },
        group(calls) {
          const of = calls && { of: functionFailure(calls, facts)?.type };
          return (totals) => durations.add(of, totals);
        },
      };
    }
  }
}

/** Of facts that have a method an answer to a HEAD has no body. */
function interpreterOf<Facts extends object>(
  metrics: CallRecorder<Facts>,
  factsOf: (call: CallFacts) => Facts,
  meaningOf: (call: CallContent, facts: Facts) => CallMeaning,
  sizesOf?: (call: CallContent, facts: Facts) => BodySizes,
): Interpreter {
  return {
    call(call) {
      const facts = factsOf(call);
      const sizes = sizesOf?.(call, facts);
      return { meaning: meaningOf(call, facts), record: (timed) => metrics.record(facts, timed, sizes) };
    },
    group(calls) {
      const of = calls && { of: factsOf(calls) };
      const isHead = of !== undefined && 'method' in of.of && of.of.method === 'HEAD';
      return ({ responseBytes, ...totals }) => metrics.add(of, isHead ? totals : { ...totals, responseBytes });
    },
  };
}
