import type { GoFunction } from '../binary/go-binary.ts';
import { preferredFunction } from './code/site-finder.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { phaseChange, probeFlag, requestPhase, siteAction } from './wire.ts';

/** Where requests of HTTP come into another phase. */
interface PhaseFunction {
  /** All that the program has; in a row the names of different releases, the first that it has. */
  readonly names: readonly (readonly string[])[];
  readonly phase: keyof typeof requestPhase;
  /** `within`: while it runs. `from`: from its entry on. `read`: at its entry a server has read a request. */
  readonly holds: 'within' | 'from' | 'read';
}

/** HTTP/2 of net/http, and of golang.org/x/net. */
const http2 = (type: string, ...methods: readonly string[]): string[][] =>
  [`net/http.(*http2${type})`, `net/http/internal/http2.(*${type})`, `golang.org/x/net/http2.(*${type})`].map(
    (receiver) => methods.map((method) => `${receiver}.${method}`),
  );

const phaseFunctions: readonly PhaseFunction[] = [
  // After each request that was read, and once more when its answer was sent.
  { names: [['net/http.(*conn).setState']], phase: 'queued', holds: 'read' },
  { names: [['net/http.(*body).Read'], ...http2('requestBody', 'Read')], phase: 'reading', holds: 'within' },
  // What handlers write reaches the connection by these alone.
  {
    names: [['net/http.checkConnErrorWriter.Write'], ...http2('responseWriterState', 'writeChunk'), ['net.sendFile']],
    phase: 'writing',
    holds: 'within',
  },
  { names: [['net/http.(*Transport).getConn']], phase: 'connecting', holds: 'from' },
  {
    names: [['net/http.(*persistConn).roundTrip'], ...http2('ClientConn', 'roundTrip', 'RoundTrip')],
    phase: 'answering',
    holds: 'from',
  },
];

const kinds = new Set<string>(['http.server', 'http.client']);

/** Lets requests of HTTP say where their time went. What can't be probed is in another phase then, which a note says. */
export function planPhases(builder: PlanBuilder): void {
  if (!builder.probes.some(({ description }) => kinds.has(description.kind))) return;
  builder.probes = builder.probes.map((probe) =>
    kinds.has(probe.description.kind) ? { ...probe, flags: probe.flags | probeFlag.phases } : probe,
  );
  for (const { names, phase, holds } of phaseFunctions) {
    for (const [first = '', ...others] of names) {
      const fn = [first, ...others]
        .map((name) => preferredFunction(builder.binary.functionsNamed(name)))
        .find((found) => found !== undefined);
      const reason = fn && addPhaseSites(builder, fn, phase, holds);
      if (reason !== undefined) builder.notes.push(`${first} can't be probed (${reason}): ${phase} is not told`);
    }
  }
}

/** @returns why there is none */
function addPhaseSites(
  builder: PlanBuilder,
  fn: GoFunction,
  phase: PhaseFunction['phase'],
  holds: PhaseFunction['holds'],
): string | undefined {
  const { finder } = builder;
  const sites = holds === 'within' ? finder.find(fn) : finder.findEntry(fn);
  if (sites.value === undefined) return sites.unavailable;
  const changing = (change: number) => ({ phase: { phase: requestPhase[phase], change } });
  const atEntry = { within: phaseChange.begin, from: phaseChange.turn, read: phaseChange.read }[holds];
  builder.addEntry(fn, sites.value, siteAction.phase, undefined, undefined, changing(atEntry));
  builder.addExits(fn, sites.value, siteAction.phase, undefined, undefined, changing(phaseChange.end));
  return undefined;
}
