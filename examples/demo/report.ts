import { valueText } from '../../src/commands/value-text.ts';
import type { Value } from '../../src/event/value.ts';
import type { SpanDetail, TraceDetail } from '../../src/web/api.ts';
import type { ComparedRow, Comparison } from './comparison.ts';

/** The comparison as tables. */
export function comparisonText(comparison: Comparison): string {
  const { requests, calls, functions, ledger } = comparison;
  const dropped = Object.entries(ledger.dropped).map(([reason, count]) => `${reason} ${count}`);
  const lines = [
    ...table('HTTP requests', ['sent', 'served', 'spans'], requests, ['sent', 'shop', 'seen']),
    ...table('gRPC calls', ['served', 'spans'], calls, ['shop', 'seen']),
    ...table('Functions', ['called', 'seen'], functions, ['shop', 'seen']),
    'Spans and calls of all probes',
    `  seen ${ledger.seen} = exported ${ledger.exported} + sampled out ${ledger.sampledOut} + dropped ${
      dropped.join(', ') || 0
    } + on the way ${ledger.inFlight}`,
  ];
  if (ledger.enteredBeforeAttach > 0) lines.push(`  begun before attaching: ${ledger.enteredBeforeAttach}`);
  return lines.join('\n');
}

function table(
  title: string,
  columns: readonly string[],
  rows: readonly ComparedRow[],
  fields: readonly ('sent' | 'shop' | 'seen')[],
): string[] {
  if (rows.length === 0) return [];
  const width = Math.max(title.length, ...rows.map((row) => row.what.length + 2));
  const cells = (values: readonly (string | number | null)[]) =>
    values.map((value) => String(value ?? '-').padStart(8)).join('');
  return [
    `${title.padEnd(width)}${cells(columns)}`,
    ...rows.map((row) => `${`  ${row.what}`.padEnd(width)}${cells(fields.map((field) => row[field]))}`),
  ];
}

/** A trace as a tree, with decoded arguments and results. */
export function traceText(trace: TraceDetail): string {
  const ids = new Set(trace.spans.map((span) => span.id));
  const children = (parent: string | undefined) =>
    trace.spans.filter((span) => (ids.has(span.parentId ?? '') ? span.parentId : undefined) === parent);
  const lines: string[] = [`trace ${trace.summary.id}`];
  const add = (span: SpanDetail, indent: string) => {
    lines.push(`${indent}${spanText(span)}`);
    for (const child of children(span.id)) add(child, `${indent}  `);
  };
  for (const root of children(undefined)) add(root, '  ');
  return lines.join('\n');
}

/** The whole of a large struct would fill the screen; the viewer shows it. */
const longest = 80;

function spanText(span: SpanDetail): string {
  const duration = `${(span.durationNs / 1e6).toFixed(2)} ms`;
  if (span.kind === 'server') {
    const status = span.attributes.find(([key]) => key.endsWith('status_code'))?.[1];
    return `${span.name}  ${status ?? ''}  ${duration}  (${span.service})`;
  }
  const given = span.arguments.map(named).join(', ');
  const results = span.results.map(named).join(', ');
  const failure = span.error && span.statusMessage ? `  error: ${span.statusMessage}` : '';
  return `${span.name}(${given})${results ? ` -> ${results}` : ''}  ${duration}${failure}`;
}

/** Results without a name in the source are numbered. */
function named(value: Value): string {
  const whole = valueText(value);
  const text = whole.length > longest ? `${whole.slice(0, longest)}…` : whole;
  return /^(|~.*|\d+)$/.test(value.name) ? text : `${value.name}=${text}`;
}
