/** What a program's own metrics count of its calls, beside what Sidespan's metrics and spans do. */
import type { Series } from '../support/exposition.ts';
import type { SinkAttributes, SinkPoint, SinkSpan } from '../support/otlp-sink.ts';

/** By what tells calls apart: `GET 200`, `sidespan.test.Probe/Unary NOT_FOUND`. */
export type Counts = Readonly<Record<string, number>>;

type Side = 'http.server' | 'http.client' | 'rpc.server' | 'rpc.client';
/** What is counted: calls, bytes of the bodies of responses, messages. */
type Quantity = 'calls' | 'response bytes' | 'messages sent' | 'messages received';

/** One metric of a program, whose series together count what Sidespan does. */
export interface Witness {
  readonly side: Side;
  readonly quantity: Quantity;
  /** Names, of the metric first. */
  readonly series: readonly string[];
  /** Of a series' labels; undefined where it counts something else. */
  readonly key: (labels: Series['labels'], name: string) => string | undefined;
  /** Applied to all keys, of both sides. */
  readonly rules?: readonly Rule[];
}

/** What one side can't tell apart, or does not count; then neither does the other one. */
export interface Rule {
  /** As docs/telemetry.md has it. */
  readonly name: string;
  /** Undefined: not counted. */
  readonly fold: (key: string) => string | undefined;
}

export interface CountRow {
  readonly what: string;
  readonly own: number;
  /** Undefined where Sidespan's metrics, or its spans, have no such count. */
  readonly metrics: number | undefined;
  readonly spans: number | undefined;
}

/** What Sidespan exported. */
export interface Exported {
  readonly metrics: readonly SinkPoint[];
  /** None of calls that were not sampled. */
  readonly spans: readonly SinkSpan[] | undefined;
}

/** Holds each count of the program's own beside Sidespan's; those that are nowhere are left out. */
export function compareCounts(
  witnesses: readonly Witness[],
  series: readonly Series[],
  exported: Exported,
): CountRow[] {
  const rows: CountRow[] = [];
  for (const witness of witnesses) {
    const own = ownCounts(witness, series);
    const metrics = metricCounts(witness, exported.metrics);
    const spans = exported.spans && spanCounts(witness, exported.spans);
    for (const key of Object.keys({ ...own, ...metrics, ...spans }).sort()) {
      const of = (counts: Counts | undefined) => counts && (counts[key] ?? 0);
      const row = { own: own[key] ?? 0, metrics: of(metrics), spans: of(spans) };
      if (row.own || row.metrics || row.spans)
        rows.push({ what: `${witness.side} ${witness.series[0]} ${key}`, ...row });
    }
  }
  return rows;
}

export function isDifferent({ own, metrics = own, spans = own }: CountRow): boolean {
  return own !== metrics || own !== spans;
}

/** For people. */
export function countTable(rows: readonly CountRow[]): string[][] {
  const text = (count: number | undefined) => (count === undefined ? '-' : String(count));
  const lines = rows.map(({ what, own, metrics, spans }) => [what, text(own), text(metrics), text(spans)]);
  return [['of the program', 'its count', 'metrics', 'spans'], ...lines];
}

function ownCounts(witness: Witness, series: readonly Series[]): Counts {
  return sums(
    witness,
    series
      .filter(({ name }) => witness.series.includes(name))
      .map(({ name, labels, value }) => [witness.key(labels, name), value] as const),
  );
}

/** Messages are counted by spans alone. */
function metricCounts(witness: Witness, points: readonly SinkPoint[]): Counts | undefined {
  const { side, quantity } = witness;
  if (quantity.startsWith('messages')) return undefined;
  const metric = quantity === 'response bytes' ? `${side}.response.body.size` : durationMetric(side);
  return sums(
    witness,
    points
      .filter(({ name }) => name === metric)
      .map(({ attributes, count = 0, value }) => [keyOf(side, attributes), quantity === 'calls' ? count : value]),
  );
}

function durationMetric(side: Side): string {
  return side.startsWith('http') ? `${side}.request.duration` : `${side}.call.duration`;
}

function spanCounts(witness: Witness, spans: readonly SinkSpan[]): Counts {
  const { side, quantity } = witness;
  const [library, kind = ''] = side.split('.');
  return sums(
    witness,
    spans
      .filter(
        (span) => span.kind === kind.toUpperCase() && (library === 'rpc') === 'rpc.system.name' in span.attributes,
      )
      .map(({ attributes }) => [keyOf(side, attributes), ofSpan(quantity, attributes)]),
  );
}

function ofSpan(quantity: Quantity, attributes: SinkAttributes): number {
  if (quantity === 'calls') return 1;
  if (quantity === 'response bytes') return Number(attributes['http.response.body.size'] ?? 0);
  return Number(
    attributes[quantity === 'messages sent' ? 'sidespan.rpc.sent.messages' : 'sidespan.rpc.received.messages'],
  );
}

/** The same of a span's attributes and a point's. */
function keyOf(side: Side, attributes: SinkAttributes): string {
  if (side.startsWith('rpc')) return `${attributes['rpc.method']} ${attributes['rpc.status_code'] ?? 'not known'}`;
  const { 'http.request.method': method, 'http.response.status_code': status, 'error.type': error } = attributes;
  const outcome = side === 'http.server' && error === 'panic' ? error : (status ?? 'no answer');
  return `${method} ${outcome}`;
}

function sums({ rules = [] }: Witness, counts: Iterable<readonly [string | undefined, number]>): Counts {
  const all: Record<string, number> = {};
  for (const [first, count] of counts) {
    const key = rules.reduce((text, { fold }) => (text === undefined ? text : fold(text)), first);
    if (key !== undefined) all[key] = (all[key] ?? 0) + count;
  }
  return all;
}
