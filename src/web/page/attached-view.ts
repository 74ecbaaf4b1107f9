import type { AttachmentsReport } from '../api.ts';
import type { AttachedFunction, NotAttachedFunction, ProcessAttachments } from '../status.ts';
import { breakable, el, replaceChildren } from './dom.ts';
import { message } from './empty-state.ts';
import { count, counted } from './format.ts';
import { getJson, poll } from './request.ts';
import { serviceChip } from './service-colour.ts';
import type { View } from './view.ts';

const POLL_MS = 2000;

/** Per process: what was found in it, what is probed, what not and why. */
export function newAttachedView(): View {
  let stop: (() => void) | undefined;
  let drawn = '';
  const list = el('div.processes');
  const element = el('section.view.attached-view', { 'aria-label': 'What is attached' }, list);

  async function load(): Promise<void> {
    const { attachments } = await getJson<AttachmentsReport>('/api/attachments');
    // Drawn anew only if something changed: it rarely does, and somebody may be selecting text.
    const text = JSON.stringify(attachments);
    if (text === drawn) return;
    drawn = text;
    const none = message('No process yet', 'Sidespan waits for the process that it was told to trace.');
    replaceChildren(list, ...(attachments.length > 0 ? attachments.map(processCard) : [none]));
  }

  return {
    element,
    show() {
      stop ??= poll(POLL_MS, load);
    },
    hide() {
      stop?.();
      stop = undefined;
    },
  };
}

function processCard(process: ProcessAttachments): HTMLElement {
  const found = process.functionCount === undefined ? '' : `${count(process.functionCount)} functions found, `;
  const summary = `${found}${count(process.attached.length)} attached, ${count(process.notAttached.length)} not`;
  return el(
    'article.process',
    { 'aria-label': `${process.service}, process ${process.pid}` },
    el(
      'h2',
      {},
      serviceChip(process.service),
      el('span.muted', {}, `pid ${process.pid}`),
      el('span.spacer'),
      el('span.summary', {}, summary),
    ),
    el(
      'dl.facts',
      {},
      ...fact('Executable', process.exePath, 'mono'),
      ...fact('Go', process.goVersion ?? 'unknown'),
      ...fact('Build mode', process.buildMode ?? 'unknown'),
      ...fact('Symbols', process.symbols ? 'yes' : 'stripped'),
      ...fact('DWARF', process.dwarf ? 'yes' : 'none: arguments by name and type are limited'),
    ),
    process.note !== undefined && el('p.note', {}, process.note),
    process.attached.length > 0 && attachedTable(process.attached),
    process.notAttached.length > 0 && notAttachedTable(process.notAttached),
  );
}

function fact(name: string, value: string, className?: string): HTMLElement[] {
  return [el('div', {}, el('dt', {}, name), el('dd', { class: className }, value))];
}

const KIND_WORDS = {
  function: 'function',
  'http.server': 'HTTP server',
  'http.client': 'HTTP client',
  'rpc.server': 'gRPC server',
  'rpc.client': 'RPC client',
  'db.client': 'database client',
} as const;

function attachedTable(functions: readonly AttachedFunction[]): HTMLElement {
  return table(
    'Attached',
    ['Function', 'Kind', 'Entry probed at', 'Exits', 'Source'],
    functions.map((each) => [
      el('td.mono', {}, ...breakable(each.functionName)),
      el('td', {}, KIND_WORDS[each.kind]),
      el('td', {}, each.entrySite),
      el('td', {}, count(each.exits)),
      el('td.mono.source', {}, ...breakable(each.file === undefined ? 'unknown' : `${each.file}:${each.line ?? '?'}`)),
    ]),
  );
}

function notAttachedTable(functions: readonly NotAttachedFunction[]): HTMLElement {
  return table(
    `Not attached: ${counted(functions.length, 'function')}`,
    ['Function', 'Why not'],
    functions.map((each) => [el('td.mono', {}, ...breakable(each.functionName)), el('td', {}, each.reason)]),
  );
}

function table(title: string, columns: readonly string[], rows: readonly HTMLElement[][]): HTMLElement {
  return el(
    'div.table-place',
    {},
    el(
      'table.functions',
      {},
      el('caption', {}, title),
      el('thead', {}, el('tr', {}, ...columns.map((name) => el('th', { scope: 'col' }, name)))),
      el('tbody', {}, ...rows.map((cells) => el('tr', {}, ...cells))),
    ),
  );
}
