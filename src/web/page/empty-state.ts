import type { AttachmentsReport, StoreFigures } from '../api.ts';
import type { ProcessAttachments } from '../status.ts';
import { el } from './dom.ts';
import { count, counted } from './format.ts';
import { getJson } from './request.ts';

/** What to say, and to do, when there is no trace to list. */
export async function emptyTraces(filtered: boolean, clearFilter: () => void): Promise<HTMLElement> {
  const { store } = await getJson<{ store: StoreFigures }>('/api/status').catch(() => ({ store: undefined }));
  if (store === undefined) return message('Sidespan does not answer', 'Is it still running?');
  if (filtered && store.tracesKept > 0) {
    const button = el('button.primary', { type: 'button', on: { click: clearFilter } }, 'Clear the filter');
    return message('No trace matches', `${count(store.tracesKept)} are kept; none fits this filter.`, button);
  }
  const report = await getJson<AttachmentsReport>('/api/attachments').catch(() => ({ attachments: [] }));
  const traced = report.attachments.filter(({ attached }) => attached.length > 0);
  return traced.length > 0 ? waitingFor(traced) : nothingAttached(report.attachments);
}

function waitingFor(processes: readonly ProcessAttachments[]): HTMLElement {
  const list = processes.map(({ service, pid, attached }) =>
    el('li', {}, el('strong', {}, service), ` (pid ${pid}): ${counted(attached.length, 'function')}`),
  );
  return message(
    'Waiting for the first call',
    'Sidespan is attached; traces appear here as calls return. Send the service a request.',
    el('ul', {}, ...list),
    el('a', { href: '#/attached' }, 'What is attached, and what is not'),
  );
}

function nothingAttached(processes: readonly ProcessAttachments[]): HTMLElement {
  const why = processes.length > 0 ? el('p', {}, el('a', { href: '#/attached' }, 'Why: see Attached')) : undefined;
  return message(
    'No process is being traced yet',
    'Sidespan waits for the one that it was told to trace. Tell it by a process id, an executable or a port:',
    el('pre', {}, 'SIDESPAN_TARGET_PID=4711 npx sidespan run\nSIDESPAN_TARGET_PORT=8080 npx sidespan run'),
    el('p', {}, 'What this machine allows, and what to do where it does not:'),
    el('pre', {}, 'npx sidespan doctor'),
    why,
  );
}

export function message(title: string, text: string, ...more: readonly (HTMLElement | undefined)[]): HTMLElement {
  return el('div.message', {}, el('h2', {}, title), el('p', {}, text), ...more);
}
