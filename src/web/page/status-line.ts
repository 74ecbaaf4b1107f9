import type { LiveStatus } from '../api.ts';
import { el, replaceChildren, setText } from './dom.ts';
import { count, megabytes, percent, timeSpan } from './format.ts';

export interface StatusLine {
  readonly element: HTMLElement;
  /** Stands in the header: live, paused, lost. */
  readonly indicator: HTMLElement;
  show(status: LiveStatus): void;
  setConnection(state: 'live' | 'paused' | 'lost', problem?: string): void;
}

/** The agent's own figures at the foot of the page, and how fast spans arrive. */
export function newStatusLine(): StatusLine {
  const words = el('span.words');
  const rate = el('span.rate');
  const indicator = el('span.indicator', { role: 'status' }, el('span.lamp', { 'aria-hidden': 'true' }), words, rate);
  const element = el('footer.status-line', {});
  let last: { readonly spans: number; readonly atMs: number } | undefined;

  function showRate(spans: number): void {
    const atMs = performance.now();
    const perSecond = last === undefined ? undefined : ((spans - last.spans) * 1000) / (atMs - last.atMs);
    // After a pause of the page or a restart of the agent the difference means nothing.
    const usable = perSecond !== undefined && perSecond >= 0 && last !== undefined && atMs - last.atMs < 5000;
    setText(rate, usable ? `${count(Math.round(perSecond))} spans/s` : '');
    last = { spans, atMs };
  }

  return {
    element,
    indicator,
    show({ agent, store }) {
      showRate(store.spansTotal);
      const unknown = 'unknown';
      replaceChildren(
        element,
        figure('Sidespan', agent.version),
        figure('up', timeSpan(agent.uptimeSeconds)),
        figure('CPU', agent.cpuFraction === null ? unknown : percent(agent.cpuFraction)),
        figure('memory', agent.rssBytes === null ? unknown : megabytes(agent.rssBytes)),
        figure('hits', agent.hits === null ? unknown : count(agent.hits)),
        figure('spans', count(store.spansTotal)),
        figure('traces kept', `${count(store.tracesKept)} of ${count(store.tracesTotal)}`),
        figure('exports to', agent.exportsTo ?? 'this page only'),
      );
    },
    setConnection(state, problem) {
      indicator.dataset['state'] = state;
      setText(words, problem ?? { live: 'Live', paused: 'Paused', lost: 'Connection lost, retrying' }[state]);
      rate.hidden = state === 'lost';
    },
  };
}

function figure(name: string, value: string): HTMLElement {
  return el('span.figure', {}, el('span.muted', {}, `${name} `), value);
}
