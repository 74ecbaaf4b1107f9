/** The spans of one program by the OpenTelemetry SDK's middleware within it, and by Sidespan from outside. */
import { goTarget } from '../support/go-target.ts';
import { type SinkSpan, startOtlpSink } from '../support/otlp-sink.ts';
import { eventually } from '../support/running.ts';
import { startTracedService } from '../support/traced-service.ts';
import { type Pairing, pairings } from './span-pairs.ts';
import { ruleFor } from './span-rules.ts';

/** What both say of a pair of spans. */
interface Comparison {
  /** `SERVER http.route`, `CLIENT name` … */
  readonly what: string;
  readonly sdk: unknown;
  readonly own: unknown;
}

export interface SpanTruth {
  readonly pairs: number;
  /** By kind and field. */
  readonly agreements: ReadonlyMap<string, number>;
  /** By kind, field and rule, with an example. */
  readonly explained: ReadonlyMap<string, { count: number; example: string }>;
  /** In words: spans without a partner, differences without a rule. */
  readonly unexplained: readonly string[];
}

export interface SpanOptions {
  readonly calls: number;
  /** `http`, if it is not said. */
  readonly kind?: 'http' | 'grpc' | 'sql' | undefined;
  /** More arguments for the program. */
  readonly args?: readonly string[] | undefined;
  readonly seed: number;
  readonly go?: string | undefined;
}

/** Sends calls of all kinds mixed, one after the other, and holds each span beside the other's. */
export async function compareSpans(
  context: Parameters<typeof startTracedService>[0],
  { calls, kind = 'http', args = [], seed, go }: SpanOptions,
): Promise<SpanTruth> {
  const sink = await startOtlpSink();
  context.after(() => sink.stop());
  const target = await goTarget('instrumented', { ...(go && { go }) });
  const service = await startTracedService(context, target, {
    args: ['-to', `http://${sink.http}`, '-calls', kind, ...args],
  });
  service.tell(`${calls} ${seed}`);
  await service.line();
  const { spans } = await service.stopAgent();
  const sdk = await eventually(
    () => sink.spans(),
    (sent) => sent.length > 0,
  );
  const isCompared = kind === 'sql' ? isOfSql : (span: SinkSpan) => !isExport(span);
  return judge(sdk, spans.filter(isCompared), pairings[kind]);
}

/** The SDK's own requests. */
function isExport({ kind, attributes }: SinkSpan): boolean {
  return kind === 'CLIENT' && String(attributes['url.full']).endsWith('/v1/traces');
}

/** Requests come from a client without middleware. */
function isOfSql({ kind, attributes }: SinkSpan): boolean {
  return kind === 'SERVER' || attributes['db.system.name'] !== undefined;
}

function judge(sdk: readonly SinkSpan[], own: readonly SinkSpan[], { keyOf, aloneRules, outer }: Pairing): SpanTruth {
  const unexplained: string[] = [];
  const agreements = new Map<string, number>();
  const explained = new Map<string, { count: number; example: string }>();
  const byKey = (spans: readonly SinkSpan[]) => {
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    return Map.groupBy(spans.toSorted(byStart), (span) => keyOf(span, byId.get(span.parentSpanId ?? '')));
  };
  const ownByKey = byKey(own);
  const sdkByKey = byKey(sdk);
  let pairs = 0;
  for (const key of new Set([...ownByKey.keys(), ...sdkByKey.keys()])) {
    let theirs = sdkByKey.get(key) ?? [];
    let ours = ownByKey.get(key) ?? [];
    for (const { name, by, holds } of aloneRules) {
      const [more, less] = by === 'sdk' ? [theirs, ours] : [ours, theirs];
      const alone = more.filter(holds).slice(0, Math.max(0, more.length - less.length));
      if (alone.length === 0) continue;
      addTo(explained, `${alone[0]!.kind} span: ${name}`, key, alone.length);
      const rest = more.filter((span) => !alone.includes(span));
      if (by === 'sdk') theirs = rest;
      else ours = rest;
    }
    if (theirs.length !== ours.length)
      unexplained.push(`${key}: ${theirs.length} spans by the SDK, ${ours.length} by Sidespan`);
    theirs.slice(0, ours.length).forEach((span, n) => {
      pairs++;
      for (const { what, sdk: a, own: b } of comparisons(span, ours[n]!, outer[span.kind])) {
        if (JSON.stringify(a) === JSON.stringify(b)) {
          agreements.set(what, (agreements.get(what) ?? 0) + 1);
          continue;
        }
        const example = `${key}: ${JSON.stringify(a)} by the SDK, ${JSON.stringify(b)} by Sidespan`;
        const rule = ruleFor({
          kind: span.kind,
          field: what.slice(span.kind.length + 1),
          sdk: a,
          own: b,
          sdkSpan: span,
          ownSpan: ours[n]!,
        });
        if (rule === undefined) {
          unexplained.push(`${what} of ${example}`);
          continue;
        }
        addTo(explained, `${what}: ${rule}`, example, 1);
      }
    });
  }
  return { pairs, agreements, explained, unexplained };
}

function addTo(table: Map<string, { count: number; example: string }>, key: string, example: string, count: number) {
  const known = table.get(key);
  if (known) known.count += count;
  else table.set(key, { count, example });
}

function byStart(a: SinkSpan, b: SinkSpan): number {
  return a.startUnixNs < b.startUnixNs ? -1 : 1;
}

function comparisons(sdk: SinkSpan, own: SinkSpan, outer: 'sdk' | 'own' | undefined): Comparison[] {
  const keys = new Set([...Object.keys(sdk.attributes), ...Object.keys(own.attributes)]);
  const events = ({ events: list = [] }: SinkSpan) =>
    list.map(({ name, attributes }) => [name, attributes['exception.type'], attributes['exception.message']]);
  // Each by its own clock, but clocks that run alike.
  const encloses = outer === 'own' ? own.durationNs >= sdk.durationNs : sdk.durationNs >= own.durationNs;
  const duration = { what: 'duration', sdk: sdk.durationNs, own: encloses ? sdk.durationNs : own.durationNs };
  return [
    ...(outer === undefined ? [] : [duration]),
    { what: 'name', sdk: sdk.name, own: own.name },
    { what: 'status', sdk: sdk.status, own: own.status },
    { what: 'status message', sdk: sdk.statusMessage, own: own.statusMessage },
    { what: 'events', sdk: events(sdk), own: events(own) },
    ...[...keys]
      .filter((key) => !key.startsWith('sidespan.'))
      .map((key) => ({ what: key, sdk: sdk.attributes[key], own: own.attributes[key] })),
  ].map((each) => ({ ...each, what: `${sdk.kind} ${each.what}` }));
}

/** For people. */
export function spanTable({ agreements, explained }: SpanTruth): string[][] {
  const rules = [...explained].map(([what, { count }]) => {
    const [field = '', rule = ''] = what.split(': ');
    return [field, '', String(count), rule];
  });
  const equal = [...agreements].map(([field, count]) => [field, String(count), '', '']);
  return [
    ['what', 'equal', 'different', 'by which rule'],
    ...[...equal, ...rules].sort((a, b) => (a[0]! < b[0]! ? -1 : 1)),
  ];
}
