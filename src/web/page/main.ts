import type { ServiceList } from '../api.ts';
import { newAttachedView } from './attached-view.ts';
import { el } from './dom.ts';
import { createFeed } from './feed.ts';
import { newHelp } from './help.ts';
import { newLatencyView } from './latency-view.ts';
import { newLedgerView } from './ledger-view.ts';
import { filterQuery, firstPlace, hashOf, type Place, parsePlace, type ViewName, viewNames } from './place.ts';
import { getJson } from './request.ts';
import { registerServices } from './service-colour.ts';
import { newStatusLine } from './status-line.ts';
import { newTraceView } from './trace-view.ts';
import { newTracesView } from './traces-view.ts';
import type { Navigate, View } from './view.ts';

const TITLES: Readonly<Record<ViewName, string>> = {
  traces: 'Traces',
  latency: 'Latency',
  ledger: 'Ledger',
  attached: 'Attached',
};

let place: Place = firstPlace;
let current: View | undefined;
let connected = true;
const services = new Set<string>();

const navigate: Navigate = (change, how = 'push') => {
  const next = { ...place, ...change };
  const hash = hashOf(next);
  if (hash === hashOf(place)) return;
  if (how === 'push') history.pushState(null, '', hash);
  else history.replaceState(null, '', hash);
  show(next);
};

const statusLine = newStatusLine();
const feed = createFeed({
  traces: (fresh) => {
    for (const trace of feed.rows()) for (const service of trace.services) addService(service);
    tracesView.render(fresh);
  },
  status: (status) => statusLine.show(status),
  connection: (nowConnected, problem) => {
    connected = nowConnected;
    showConnection(problem);
  },
  changed: (id) => traceView.changed(id),
});
const tracesView = newTracesView(feed, navigate);
const traceView = newTraceView(navigate);
const views: Readonly<Record<ViewName, View>> = {
  traces: tracesView,
  latency: newLatencyView(navigate),
  ledger: newLedgerView(),
  attached: newAttachedView(),
};
const help = newHelp();
const tabs = viewNames.map((name, index) =>
  el(
    'a',
    { href: `#/${name}`, 'aria-keyshortcuts': index + 1, on: { click: (event: Event) => openTab(event, name) } },
    TITLES[name],
  ),
);

function addService(name: string): void {
  if (services.has(name)) return;
  services.add(name);
  tracesView.setServices([...services].toSorted());
}

function openTab(event: Event, view: ViewName): void {
  event.preventDefault();
  navigate({ view, traceId: undefined, spanId: undefined });
}

function showConnection(problem?: string): void {
  statusLine.setConnection(connected ? (place.paused ? 'paused' : 'live') : 'lost', problem);
}

function show(next: Place): void {
  place = next;
  const view = next.traceId === undefined ? views[next.view] : traceView;
  if (view !== current) {
    current?.hide?.();
    if (current !== undefined) current.element.hidden = true;
    view.element.hidden = false;
    current = view;
  }
  tabs.forEach((tab, index) => {
    if (viewNames[index] === next.view) tab.setAttribute('aria-current', 'page');
    else tab.removeAttribute('aria-current');
  });
  document.title = `${TITLES[next.view]} · Sidespan`;
  view.show(next);
  showConnection();
}

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || help.element.open) return;
  const target = event.target as HTMLElement;
  const typing = target.matches('input:not([type="checkbox"]), select, textarea');
  if (typing) {
    if (event.key === 'Escape' || (event.key === 'Enter' && target.matches('input'))) target.blur();
    return;
  }
  // A button or link that has the focus is what Enter is for.
  if (event.key === 'Enter' && target.matches('button, a')) return;
  if (handleKey(event.key)) event.preventDefault();
}

function handleKey(key: string): boolean {
  const tab = viewNames[Number(key) - 1];
  if (tab !== undefined) navigate({ view: tab, traceId: undefined, spanId: undefined });
  else if (key === '?') help.toggle();
  else if (key === 'p') navigate({ paused: !place.paused }, 'replace');
  else if (key === '/') current?.filterField?.focus();
  else return current?.key?.(key) ?? false;
  return true;
}

const banner = el(
  'header.banner',
  {},
  el('a.wordmark', { href: '#/traces', on: { click: (event: Event) => openTab(event, 'traces') } }, 'Sidespan'),
  el('nav', { 'aria-label': 'Views' }, ...tabs),
  el('span.spacer'),
  statusLine.indicator,
  el(
    'button.quiet.help-button',
    { type: 'button', 'aria-label': 'Keyboard help', on: { click: () => help.toggle() } },
    '?',
  ),
);
const main = el('main', {}, ...[...Object.values(views), traceView].map(({ element }) => element));
for (const { element } of [...Object.values(views), traceView]) element.hidden = true;

// Colours first: they follow from the names that are there, in the same order for everybody.
const known = await getJson<ServiceList>('/api/services').catch((): ServiceList => ({ services: [] }));
registerServices(known.services.map(({ name }) => name));
for (const { name } of known.services) addService(name);
document.body.replaceChildren(banner, main, statusLine.element, help.element);
addEventListener('hashchange', () => show(parsePlace(location.hash)));
addEventListener('popstate', () => show(parsePlace(location.hash)));
addEventListener('keydown', onKey);
show(parsePlace(location.hash));
// A trace opened by its link: the list behind it is there when one goes back.
if (current !== tracesView) feed.open(filterQuery(place));
