import type { HistogramList } from '../../src/web/api.ts';
import type { LedgerRow } from '../../src/web/status.ts';
import type { ShopCounts } from './shop.ts';
import type { Counts } from './shop-load.ts';

/** One thing that was counted in several places; null where a place can't have counted it. */
export interface ComparedRow {
  readonly what: string;
  /** By the load generator: answers of that kind. */
  readonly sent: number | null;
  /** By the shop itself. */
  readonly shop: number;
  /** By the agent. */
  readonly seen: number;
}

export interface Comparison {
  readonly requests: readonly ComparedRow[];
  readonly calls: readonly ComparedRow[];
  readonly functions: readonly ComparedRow[];
  readonly ledger: LedgerSum;
  /** In words; empty when everything adds up. */
  readonly problems: readonly string[];
}

export interface LedgerSum {
  readonly seen: number;
  readonly exported: number;
  readonly sampledOut: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly inFlight: number;
  readonly enteredBeforeAttach: number;
}

/** What the counts of a program of the shop rose by while the agent was attached. */
export interface ServiceCounts {
  readonly name: string;
  readonly pid: number;
  /** Read when the agent was attached, before the load: counts the request that read it. */
  readonly before: ShopCounts;
  /** Read when the load was over. */
  readonly after: ShopCounts;
}

export interface Observed {
  readonly answers: Counts;
  readonly services: readonly ServiceCounts[];
  readonly ledger: readonly LedgerRow[];
  readonly histograms: HistogramList;
}

/** Called by the inventory on its own, also while the counts are read: no two readings are of the same moment. */
const background = new Set(['main.(*stock).restock']);

export function compare(observed: Observed): Comparison {
  const problems: string[] = [];
  const ledger = ledgerSum(observed.ledger);
  const sampled = ledger.sampledOut > 0;
  const spans = spanCounts(observed.histograms);

  const requests: ComparedRow[] = [];
  const calls: ComparedRow[] = [];
  const functions: ComparedRow[] = [];
  for (const service of observed.services) {
    let served = 0;
    for (const [route, rose] of rises(service.before.requests, service.after.requests)) {
      // Reading `before` was a request, which the agent has seen and `before` has counted.
      const shop = rose + (route === countsRoute ? 1 : 0);
      served += shop;
      const what = service.name === 'gateway' ? route : `${route} (${service.name})`;
      const sent = service.name === 'gateway' && route !== countsRoute ? total(observed.answers.get(route)) : null;
      requests.push({ what, sent, shop, seen: spans(service.name, route === '(none)' ? 'GET' : route) });
    }
    checkKind(observed.ledger, service, 'http.server', served, problems);
    let called = 0;
    for (const [method, rose] of rises(service.before.calls, service.after.calls)) {
      called += rose;
      calls.push({ what: method.slice(1), sent: null, shop: rose, seen: spans(service.name, method.slice(1)) });
    }
    checkKind(observed.ledger, service, 'rpc.server', called, problems);
    for (const [name, shop] of rises(nested(service.before.functions), nested(service.after.functions))) {
      const row = observed.ledger.find((each) => pidOf(each) === service.pid && each.probe === name);
      if (row !== undefined) functions.push({ what: name, sent: null, shop, seen: row.seen });
    }
  }

  for (const row of [...requests, ...calls]) {
    if (!sampled && row.seen !== row.shop) problems.push(`${row.what}: ${row.shop} served, ${row.seen} spans`);
    if (row.sent !== null && row.sent !== row.shop) problems.push(`${row.what}: ${row.sent} sent, ${row.shop} served`);
  }
  for (const row of functions) {
    if (row.seen !== row.shop && !background.has(row.what)) {
      problems.push(`${row.what}: ${row.shop} calls, ${row.seen} seen`);
    }
  }
  if (functions.length === 0) problems.push('none of the functions that the shop counts was traced');
  problems.push(...ledgerProblems(observed.ledger));
  return { requests, calls, functions, ledger, problems };
}

const countsRoute = 'GET /debug/counts';

function checkKind(
  ledger: readonly LedgerRow[],
  service: ServiceCounts,
  kind: LedgerRow['kind'],
  served: number,
  problems: string[],
): void {
  const rows = ledger.filter((row) => row.kind === kind && pidOf(row) === service.pid);
  const seen = rows.reduce((sum, row) => sum + row.seen, 0);
  if (seen !== served) problems.push(`${service.name}, ${kind}: ${served} served, ${seen} seen`);
}

function ledgerProblems(ledger: readonly LedgerRow[]): string[] {
  const problems: string[] = [];
  for (const row of ledger) {
    const accounted = row.exported + row.sampledOut + sum(row.dropped) + row.inFlight;
    if (row.seen !== accounted)
      problems.push(`${row.process} ${row.probe}: ${row.seen} seen, ${accounted} accounted for`);
    if (row.inFlight > 0 && !background.has(row.probe)) {
      problems.push(`${row.process} ${row.probe}: ${row.inFlight} still on the way`);
    }
  }
  return problems;
}

function ledgerSum(ledger: readonly LedgerRow[]): LedgerSum {
  const dropped: Record<string, number> = {};
  const add = (of: (row: LedgerRow) => number) => ledger.reduce((total, row) => total + of(row), 0);
  for (const row of ledger) {
    for (const [reason, count] of Object.entries(row.dropped)) dropped[reason] = (dropped[reason] ?? 0) + count;
  }
  return {
    seen: add((row) => row.seen),
    exported: add((row) => row.exported),
    sampledOut: add((row) => row.sampledOut),
    dropped,
    inFlight: add((row) => row.inFlight),
    enteredBeforeAttach: add((row) => row.enteredBeforeAttach),
  };
}

/** `gateway (4711)` */
function pidOf(row: LedgerRow): number {
  return Number(/\((\d+)\)$/.exec(row.process)?.[1] ?? Number.NaN);
}

function spanCounts(histograms: HistogramList): (service: string, name: string) => number {
  const counts = new Map<string, number>();
  for (const each of histograms.histograms) {
    if (each.kind === 'server') counts.set(`${each.service} ${each.name}`, each.count);
  }
  return (service, name) => counts.get(`${service} ${name}`) ?? 0;
}

type Table = Readonly<Record<string, Readonly<Record<string, number>>>>;

function rises(before: Table, after: Table): [name: string, rose: number][] {
  return Object.entries(after)
    .map(([name, counts]): [string, number] => [name, sum(counts) - sum(before[name] ?? {})])
    .filter(([, rose]) => rose > 0)
    .sort(([a], [b]) => a.localeCompare(b));
}

function nested(counts: Readonly<Record<string, number>>): Table {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, { calls: count }]));
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function total(counts: ReadonlyMap<string, number> | undefined): number {
  return counts === undefined ? 0 : [...counts.values()].reduce((all, count) => all + count, 0);
}
