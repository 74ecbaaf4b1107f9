import { el, replaceChildren, setText } from './dom.ts';
import { isDuration, type Place } from './place.ts';
import type { Navigate } from './view.ts';

export interface FilterBar {
  readonly element: HTMLElement;
  readonly field: HTMLInputElement;
  show(place: Place): void;
  setServices(names: readonly string[]): void;
  setCount(text: string): void;
}

const TYPING_MS = 180;

/** Service, name, minimum duration, errors only; what is typed takes effect when the typing rests. */
export function newFilterBar(navigate: Navigate): FilterBar {
  let timer: number | undefined;
  let services: readonly string[] = [];
  let chosen = '';

  /** What was typed and has not taken effect yet. */
  let pending: Partial<Place> = {};
  const now = (change: Partial<Place> = {}) => {
    clearTimeout(timer);
    const all = { ...pending, ...change };
    pending = {};
    navigate(all, 'replace');
  };
  const soon = (change: Partial<Place>) => {
    clearTimeout(timer);
    pending = { ...pending, ...change };
    timer = setTimeout(() => now(), TYPING_MS);
  };
  const service = el('select', {
    'aria-label': 'Service',
    on: { change: () => now({ service: service.value }) },
  });
  const field = el('input.name-filter', {
    type: 'search',
    placeholder: 'Name, path or trace id',
    'aria-label': 'Name, path or trace id',
    'aria-keyshortcuts': '/',
    spellcheck: 'false',
    autocomplete: 'off',
    on: { input: () => soon({ name: field.value.trim() }), change: () => now() },
  });
  const minimum = el('input.minimum', {
    inputmode: 'decimal',
    placeholder: '0',
    'aria-label': 'Minimum duration in milliseconds',
    autocomplete: 'off',
    on: { input: () => changeMinimum(), change: () => now() },
  });
  const errors = el('input', {
    type: 'checkbox',
    on: { change: () => now({ errorsOnly: errors.checked }) },
  });
  const shownCount = el('span.count.muted', { role: 'status' });
  const pause = el('button.quiet.pause', {
    type: 'button',
    'aria-keyshortcuts': 'p',
    on: { click: () => navigate({ paused: pause.getAttribute('aria-pressed') !== 'true' }, 'replace') },
  });

  function changeMinimum(): void {
    const text = minimum.value.trim().replace(',', '.');
    const usable = text === '' || isDuration(text);
    minimum.setAttribute('aria-invalid', String(!usable));
    if (usable) soon({ minDurationMs: text });
  }

  function listServices(): void {
    const names = chosen === '' || services.includes(chosen) ? services : [...services, chosen];
    replaceChildren(
      service,
      el('option', { value: '' }, 'All services'),
      ...names.map((name) => el('option', { value: name }, name)),
    );
    service.value = chosen;
  }

  const element = el(
    'div.filters',
    { role: 'search', 'aria-label': 'Filter traces' },
    service,
    el('span.field.grow', {}, field, el('kbd.hint', { 'aria-hidden': 'true' }, '/')),
    el('label.field.minimum-field', {}, el('span.muted.words', {}, 'at least'), minimum, el('span.muted', {}, 'ms')),
    el('label.check', {}, errors, 'Errors only'),
    el('span.spacer'),
    shownCount,
    pause,
  );

  return {
    element,
    field,
    show(place) {
      // The place was changed from elsewhere: what was typed before is no longer meant.
      clearTimeout(timer);
      pending = {};
      chosen = place.service;
      listServices();
      if (document.activeElement !== field) field.value = place.name;
      if (document.activeElement !== minimum) minimum.value = place.minDurationMs;
      errors.checked = place.errorsOnly;
      pause.setAttribute('aria-pressed', String(place.paused));
      setText(pause, place.paused ? 'Resume' : 'Pause');
    },
    setServices(names) {
      if (names.join('\n') === services.join('\n')) return;
      services = names;
      if (document.activeElement !== service) listServices();
    },
    setCount: (text) => setText(shownCount, text),
  };
}
