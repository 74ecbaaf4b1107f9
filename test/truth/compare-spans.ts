/** The spans of one program by the OpenTelemetry SDK's middleware within it, and by Sidespan from outside. */
import { goTarget } from '../support/go-target.ts';
import { type SinkSpan, startOtlpSink } from '../support/otlp-sink.ts';
import { eventually } from '../support/running.ts';
import { startTracedService } from '../support/traced-service.ts';
import { ruleFor, unknownMethodRule } from './span-rules.ts';

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
  readonly kind?: 'http' | 'grpc' | undefined;
  readonly seed: number;
  readonly go?: string | undefined;
}

/** Sends calls of all kinds mixed, one after the other, and holds each span beside the other's. */
export async function compareSpans(
  context: Parameters<typeof startTracedService>[0],
  { calls, kind = 'http', seed, go }: SpanOptions,
): Promise<SpanTruth> {
  const sink = await startOtlpSink();
  context.after(() => sink.stop());
  const target = await goTarget('instrumented', { ...(go && { go }) });
  const service = await startTracedService(context, target, { args: ['-to', `http://${sink.http}`, '-calls', kind] });
  service.tell(`${calls} ${seed}`);
  await service.line();
  const { spans } = await service.stopAgent();
  const sdk = await eventually(
    () => sink.spans(),
    (sent) => sent.length > 0,
  );
  return judge(
    sdk,
    spans.filter((span) => !isExport(span)),
  );
}

/** The SDK's own requests. */
function isExport({ kind, attributes }: SinkSpan): boolean {
  return kind === 'CLIENT' && String(attributes['url.full']).endsWith('/v1/traces');
}

function judge(sdk: readonly SinkSpan[], own: readonly SinkSpan[]): SpanTruth {
  const unexplained: string[] = [];
  const agreements = new Map<string, number>();
  const explained = new Map<string, { count: number; example: string }>();
  const ownByKey = Map.groupBy(own, keyOf);
  const sdkByKey = Map.groupBy(sdk, keyOf);
  let pairs = 0;
  for (const key of new Set([...ownByKey.keys(), ...sdkByKey.keys()])) {
    const theirs = (sdkByKey.get(key) ?? []).toSorted(byStart);
    const ours = (ownByKey.get(key) ?? []).toSorted(byStart);
    if (theirs.length === 0 && ours.every(isUnknownMethod))
      addTo(explained, `SERVER span: ${unknownMethodRule}`, key, ours.length);
    else if (theirs.length !== ours.length)
      unexplained.push(`${key}: ${theirs.length} spans by the SDK, ${ours.length} by Sidespan`);
    theirs.slice(0, ours.length).forEach((span, n) => {
      pairs++;
      for (const { what, sdk: a, own: b } of comparisons(span, ours[n]!)) {
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

function isUnknownMethod({ attributes }: SinkSpan): boolean {
  return attributes['rpc.method'] === '_OTHER';
}

/**
 * Which spans are of the same call. A server's have the same parent, the SDK's client, that came in the `traceparent`; a
 * client's have the same request.
 */
function keyOf({ kind, traceId, parentSpanId, attributes }: SinkSpan): string {
  if (kind === 'SERVER') return `SERVER ${traceId} ${parentSpanId}`;
  const { 'http.request.method': method, 'http.request.method_original': original } = attributes;
  const what = attributes['url.full'] ?? attributes['rpc.method'];
  return `${kind} ${original ?? method ?? ''} ${what}`;
}

function byStart(a: SinkSpan, b: SinkSpan): number {
  return a.startUnixNs < b.startUnixNs ? -1 : 1;
}

function comparisons(sdk: SinkSpan, own: SinkSpan): Comparison[] {
  const keys = new Set([...Object.keys(sdk.attributes), ...Object.keys(own.attributes)]);
  const events = ({ events: list = [] }: SinkSpan) =>
    list.map(({ name, attributes }) => [name, attributes['exception.type'], attributes['exception.message']]);
  return [
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
