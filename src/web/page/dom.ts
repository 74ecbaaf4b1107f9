export type Child = Node | string | number | null | undefined | false;

interface Properties {
  /** Custom properties of CSS, `--start`: set by script, which the Content-Security-Policy allows. */
  readonly vars?: Readonly<Record<`--${string}`, string>>;
  readonly on?: Readonly<Record<string, (event: never) => void>>;
  readonly [attribute: string]: unknown;
}

/**
 * An element: `el('span.name.mono', { title }, text)`. Strings become text nodes and attribute values, never markup.
 * An attribute that is undefined or false is left out, true is empty.
 */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tagAndClasses: Tag | `${Tag}.${string}`,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const [tag = 'div', ...classes] = tagAndClasses.split('.');
  const element = document.createElement(tag) as HTMLElementTagNameMap[Tag];
  if (classes.length > 0) element.className = classes.join(' ');
  const { vars, on, ...attributes } = properties;
  for (const [name, value] of Object.entries(vars ?? {})) element.style.setProperty(name, value);
  for (const [name, listener] of Object.entries(on ?? {})) element.addEventListener(name, listener as EventListener);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...nodes(children));
  return element;
}

export function setAttribute(element: Element, name: string, value: unknown): void {
  if (value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : visible(String(value)));
}

export function setText(element: Element, text: string): void {
  const shown = visible(text);
  if (element.textContent !== shown) element.textContent = shown;
}

export function replaceChildren(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...nodes(children));
}

/** Text that may be broken after a dot, slash or underscore: names of attributes, functions and files. */
export function breakable(text: string): Child[] {
  return text
    .split(/(?<=[./_])/)
    .flatMap((part, index) => (index === 0 ? [part] : [document.createElement('wbr'), part]));
}

/** Elements of SVG, for the few shapes that CSS does not have. */
export function svg(
  tag: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: Node[]
): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

function nodes(children: readonly Child[]): (Node | string)[] {
  const list: (Node | string)[] = [];
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    list.push(child instanceof Node ? child : visible(String(child)));
  }
  return list;
}

// Control characters, and those that turn the direction of what follows: a captured string could otherwise hide a
// part of itself or rearrange the line that it stands in.
const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The text with every character in it to be seen. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
