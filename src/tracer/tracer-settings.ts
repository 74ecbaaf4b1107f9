import type { Config } from '../config/config.ts';
import { defaultCaptureLimits } from '../probe/capture/shape-context.ts';
import { allOutgoing } from '../probe/outgoing/all-outgoing.ts';
import { writtenHeaders } from '../probe/outgoing/written-headers.ts';
import { functionPattern } from '../probe/pattern.ts';
import { withoutBodySizes } from '../probe/preset/body-sizes.ts';
import { withHttpOptions } from '../probe/preset/http-options.ts';
import { allPresets } from '../probe/preset/presets.ts';
import { withPropagation } from '../probe/preset/propagation.ts';
import { httpConnections } from '../probe/presets/http-connections.ts';
import { createRedaction } from '../redaction/redaction.ts';
import type { TracerOptions } from './tracer-options.ts';

/** The tracer's settings out of the configuration. @param countSizes of the bodies of calls that are not sampled */
export function tracerSettings(
  config: Config,
  { countSizes } = { countSizes: false },
): Omit<
  TracerOptions,
  | 'planner'
  | 'onCall'
  | 'onProcessChange'
  | 'onDetach'
  | 'onUndecodable'
  | 'sampling'
  | 'durationBoundsNs'
  | 'sizeBounds'
  | 'exponential'
  | 'timedHits'
> {
  const { stringBytes, elements, depth, totalBytes, callsPerSecond } = config.capture;
  const isChosen = (library: string) => config.presets.some((name) => name === library);
  const presets = [...allPresets, ...(config.requestPhases ? httpConnections : [])]
    .filter(({ library }) => isChosen(library))
    .map((preset) => (countSizes ? preset : withoutBodySizes(preset)));
  const headers = config.writesHeaders ? writtenHeaders(config.propagators) : undefined;
  const propagation = {
    propagators: config.propagators,
    baggage: config.baggageAttributes.length > 0,
    passTraceState: headers?.passTraceState,
  };
  return {
    plan: {
      patterns: config.functions.map(functionPattern),
      outgoing: headers ? allOutgoing.filter(({ library }) => isChosen(library)) : [],
      presets: presets.map((preset) => withHttpOptions(withPropagation(preset, propagation), shownHeaders(config))),
      limits: { ...defaultCaptureLimits, stringBytes, elements, depth, captureBytes: totalBytes },
      parents: config.goroutineParents,
      goroutineTimes: config.goroutineTimes,
      requestPhases: config.requestPhases,
      countMessages: config.countsMessages,
      maxFunctions: config.maxFunctions,
      countInlined: config.inlined,
      redaction: config.redaction,
    },
    ringBytes: config.ringBytes,
    maxGoroutines: config.maxGoroutines,
    captureBytes: totalBytes,
    capturesPerSecond: callsPerSecond,
    keep: config.traces.keep,
    libbpfPath: config.libbpf,
    writeHeaders: headers,
    passTraceState: headers?.passTraceState,
  };
}

/** Headers that were asked for and whose names are those of secrets. */
export function hiddenHeaders({ http, redaction }: Config): string[] {
  const rules = createRedaction(redaction);
  const hidden = Object.values(http.headers).flatMap((names) => names.filter((name) => rules?.hidesName(name, true)));
  return [...new Set(hidden)];
}

function shownHeaders(config: Config): Config['http'] {
  const hidden = hiddenHeaders(config);
  const shown = (names: readonly string[]) => names.filter((name) => !hidden.includes(name));
  const { serverRequest, serverResponse, clientRequest, clientResponse } = config.http.headers;
  return {
    ...config.http,
    headers: {
      serverRequest: shown(serverRequest),
      serverResponse: shown(serverResponse),
      clientRequest: shown(clientRequest),
      clientResponse: shown(clientResponse),
    },
  };
}
