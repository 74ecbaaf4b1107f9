import { el } from './dom.ts';

/** Hues of style.css, `.hue-0` to `.hue-7`. */
const HUES = 8;

const hues = new Map<string, number>();

/**
 * A service keeps its colour: it follows from the name, so that a reload or a colleague's screen shows the same one;
 * where two names would share one, the later takes the next that is free.
 */
export function hueClass(service: string): string {
  let hue = hues.get(service);
  if (hue === undefined) {
    hue = hashOf(service) % HUES;
    const taken = new Set(hues.values());
    for (let tries = 0; tries < HUES && taken.has(hue); tries++) hue = (hue + 1) % HUES;
    hues.set(service, hue);
  }
  return `hue-${hue}`;
}

/** To be called with all names in a fixed order before the first is drawn. */
export function registerServices(names: readonly string[]): void {
  for (const name of names.toSorted()) hueClass(name);
}

export function serviceChip(service: string): HTMLElement {
  return el(`span.service.${hueClass(service)}`, { title: service }, el('span.service-name', {}, service));
}

function hashOf(text: string): number {
  let hash = 2166136261;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 16777619);
  return hash >>> 0;
}
