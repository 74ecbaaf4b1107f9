import type { SpanDetail } from '../api.ts';

/** A span at its place in the waterfall. */
export interface TreeRow {
  readonly span: SpanDetail;
  readonly level: number;
  /** Spans below this one, at any depth. */
  readonly descendants: number;
  /** Index in the list of the row that encloses it. */
  readonly parent: number | undefined;
}

/**
 * Spans with each one's children below it, in order of start. Whatever the parents say, even in a circle, each span
 * stands there once.
 */
export function treeRows(spans: readonly SpanDetail[]): TreeRow[] {
  const children = childrenByParent(spans);
  const rows: { span: SpanDetail; level: number; descendants: number; parent: number | undefined }[] = [];
  const placed = new Set<string>();
  const heads = children.get(undefined) ?? [];
  // After the heads everything again: what is not placed by then is in a circle.
  for (const head of [...heads, ...spans]) {
    const stack: { span: SpanDetail; level: number; parent: number | undefined }[] = [];
    stack.push({ span: head, level: 1, parent: undefined });
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { span, level, parent } = next;
      if (placed.has(span.id)) continue;
      placed.add(span.id);
      const index = rows.push({ span, level, descendants: 0, parent }) - 1;
      const below = children.get(span.id) ?? [];
      for (const child of below.toReversed()) stack.push({ span: child, level: level + 1, parent: index });
    }
  }
  // Parents stand before their children: one pass from the end adds them up.
  for (const row of rows.toReversed()) {
    const parent = row.parent === undefined ? undefined : rows[row.parent];
    if (parent !== undefined) parent.descendants += row.descendants + 1;
  }
  return rows;
}

/** Under undefined: those whose parent is not here. */
function childrenByParent(spans: readonly SpanDetail[]): Map<string | undefined, SpanDetail[]> {
  const ids = new Set(spans.map(({ id }) => id));
  const children = new Map<string | undefined, SpanDetail[]>();
  for (const span of spans) {
    const parent = span.parentId !== undefined && ids.has(span.parentId) ? span.parentId : undefined;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [span]);
    else siblings.push(span);
  }
  return children;
}

/** Round times for an axis from 0 to `durationNs`: four to seven of them, the last within. */
export function axisTicks(durationNs: number): number[] {
  if (!(durationNs > 0)) return [0];
  const rough = durationNs / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? rough;
  const ticks: number[] = [];
  for (let index = 0; index * step <= durationNs && index < 12; index++) ticks.push(index * step);
  return ticks;
}
