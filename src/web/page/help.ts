import { el } from './dom.ts';

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['1', '2', '3', '4'], 'Traces, Latency, Ledger, Attached'],
  [['/'], 'Filter'],
  [['j', 'k'], 'Next, previous row (or arrow keys)'],
  [['Enter'], 'Open the row'],
  [['Esc'], 'Back; in the list: go on with what is new'],
  [['h', 'l'], 'In a trace: close, open what is below a span'],
  [['e'], 'Errors only'],
  [['p'], 'Pause, resume'],
  [['?'], 'This help'],
];

/** The keys, in a dialog that the browser closes on Esc and keeps the focus in. */
export function newHelp(): { readonly element: HTMLDialogElement; toggle(): void } {
  const close = () => element.close();
  const element = el(
    'dialog.help',
    { 'aria-label': 'Keyboard', on: { click: (event: Event) => event.target === element && close() } },
    el(
      'div.help-body',
      {},
      el('h2', {}, 'Keyboard'),
      el(
        'dl',
        {},
        ...KEYS.map(([keys, what]) =>
          el('div', {}, el('dt', {}, ...keys.map((key) => el('kbd', {}, key))), el('dd', {}, what)),
        ),
      ),
      el('p.muted', {}, 'The address of the page holds the filter and what is open: copy it to share the view.'),
      el('button.quiet', { type: 'button', on: { click: close } }, 'Close'),
    ),
  );
  return { element, toggle: () => (element.open ? close() : element.showModal()) };
}
