import type { LedgerReport } from '../api.ts';
import type { LedgerRow } from '../status.ts';
import { breakable, el, replaceChildren, setText } from './dom.ts';
import { message } from './empty-state.ts';
import { count, counted } from './format.ts';
import { difference, droppedCount, droppedReasons, totalOf } from './ledger-sums.ts';
import type { Place } from './place.ts';
import { getJson, poll } from './request.ts';
import type { View } from './view.ts';

const POLL_MS = 1000;

/** Whether every call is accounted for, and where those went that were not exported. */
export function newLedgerView(): View {
  let stop: (() => void) | undefined;
  let place: Place | undefined;
  let drawn = false;

  const verdict = el('h2.verdict', { role: 'status' });
  const sum = el('div.sum', { role: 'group', 'aria-label': 'The sum over all probes' });
  const reasons = el('p.reasons.muted');
  const table = el('div.table-place');
  const element = el('section.view.ledger-view', { 'aria-label': 'Loss ledger' }, verdict, sum, reasons, table);

  async function load(): Promise<void> {
    if (place?.paused === true && drawn) return;
    const { ledger } = await getJson<LedgerReport>('/api/ledger');
    drawn = true;
    const total = totalOf(ledger);
    drawVerdict(ledger, total);
    const isEmpty = ledger.length === 0;
    sum.hidden = isEmpty;
    if (isEmpty)
      replaceChildren(
        table,
        message('Nothing to account for yet', 'Each traced function has a row here once it is attached.'),
      );
    else table.replaceChildren(ledgerTable(ledger, total));
  }

  function drawVerdict(ledger: readonly LedgerRow[], total: LedgerRow): void {
    const off = ledger.filter((row) => difference(row) !== 0);
    verdict.classList.toggle('bad', off.length > 0);
    verdict.hidden = ledger.length === 0;
    if (off.length === 0) setText(verdict, `All ${count(total.seen)} calls are accounted for.`);
    else setText(verdict, `The sums do not add up in ${counted(off.length, 'row')}: ${offWords(off)}.`);
    replaceChildren(
      sum,
      term(total.seen, 'seen'),
      sign('='),
      term(total.exported, 'exported'),
      sign('+'),
      term(total.sampledOut, 'sampled out'),
      sign('+'),
      term(droppedCount(total), 'dropped', droppedCount(total) > 0),
      sign('+'),
      term(total.inFlight, 'in flight'),
    );
    setText(reasons, droppedCount(total) > 0 ? `Dropped: ${droppedReasons(total).join(', ')}.` : '');
  }

  return {
    element,
    show(next) {
      place = next;
      stop ??= poll(POLL_MS, load);
    },
    hide() {
      stop?.();
      stop = undefined;
    },
  };
}

function offWords(rows: readonly LedgerRow[]): string {
  const missing = rows.map(difference).reduce((sum, each) => sum + Math.max(0, each), 0);
  const extra = rows.map(difference).reduce((sum, each) => sum + Math.max(0, -each), 0);
  const words: string[] = [];
  if (missing > 0) words.push(`${counted(missing, 'call')} went missing`);
  if (extra > 0) words.push(`${counted(extra, 'call')} counted twice`);
  return words.join(', ');
}

function term(value: number, label: string, bad = false): HTMLElement {
  return el(
    bad ? 'div.term.bad' : 'div.term',
    {},
    el('span.term-value', {}, count(value)),
    el('span.term-label', {}, label),
  );
}

function sign(text: string): HTMLElement {
  return el('span.sign', {}, text);
}

const COLUMNS = [
  'Process',
  'Probe',
  'Seen',
  'Exported',
  'Sampled out',
  'Dropped',
  'In flight',
  'Adds up',
  'Began before attach',
];

function ledgerTable(rows: readonly LedgerRow[], total: LedgerRow): HTMLElement {
  return el(
    'table.ledger',
    {},
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        ...COLUMNS.map((name, index) => el('th', { scope: 'col', class: index > 1 ? 'number' : undefined }, name)),
      ),
    ),
    el('tbody', {}, ...rows.map((row, index) => tableRow(row, rows[index - 1]?.process === row.process))),
    el('tfoot', {}, tableRow(total, false)),
  );
}

/** The process is named once, in the first of its rows; a screen reader hears it in each. */
function tableRow(row: LedgerRow, sameProcess: boolean): HTMLElement {
  const off = difference(row);
  const dropped = droppedCount(row);
  return el(
    'tr',
    { class: off === 0 ? undefined : 'off' },
    el('th.process', { scope: 'row' }, el(sameProcess ? 'span.visually-hidden' : 'span', {}, row.process)),
    el('td.mono.probe', {}, ...breakable(row.probe)),
    number(row.seen),
    number(row.exported),
    number(row.sampledOut),
    el(
      dropped > 0 ? 'td.number.bad' : 'td.number',
      { class: dropped > 0 ? 'number bad' : 'number zero' },
      count(dropped),
      ...droppedReasons(row).map((reason) => el('div.reason', {}, reason)),
    ),
    number(row.inFlight),
    el(
      'td.number',
      { class: off === 0 ? 'number adds-up' : 'number bad' },
      off === 0 ? 'yes' : `off by ${count(Math.abs(off))}`,
    ),
    number(row.enteredBeforeAttach),
  );
}

function number(value: number): HTMLElement {
  return el(value === 0 ? 'td.number.zero' : 'td.number', {}, count(value));
}
