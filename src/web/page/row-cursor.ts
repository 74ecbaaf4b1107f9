/** Which row of a list has the keyboard: rows are focused one at a time (roving tabindex). */
export interface RowCursor {
  /** Rows as they stand now. */
  readonly rows: () => readonly HTMLElement[];
  current(): HTMLElement | undefined;
  focus(row: HTMLElement | undefined): void;
  move(steps: number): void;
  first(): void;
  last(): void;
  clear(): void;
  /** To be called after rows came or went: one of them must be reachable by Tab. */
  refresh(): void;
}

export function newRowCursor(body: HTMLElement, onChange: () => void = () => {}): RowCursor {
  let current: HTMLElement | undefined;

  const rows = () => [...body.children] as HTMLElement[];

  function mark(row: HTMLElement | undefined): void {
    if (current !== row) {
      current?.setAttribute('tabindex', '-1');
      current = row;
    }
    refresh();
    onChange();
  }

  function refresh(): void {
    if (current !== undefined && !current.isConnected) current = undefined;
    body.querySelector('[tabindex="0"]')?.setAttribute('tabindex', '-1');
    (current ?? body.firstElementChild)?.setAttribute('tabindex', '0');
  }

  function focus(row: HTMLElement | undefined): void {
    if (row === undefined) return;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: 'nearest' });
  }

  body.addEventListener('focusin', (event) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[role="row"]');
    if (row !== null && row.parentElement === body) mark(row);
  });

  return {
    rows,
    current: () => (current?.isConnected === true ? current : undefined),
    focus,
    move(steps) {
      const all = rows().filter((row) => !row.hidden);
      const at = current === undefined ? -1 : all.indexOf(current);
      const next = at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + steps));
      focus(all[next]);
    },
    first: () => focus(rows()[0]),
    last: () => focus(rows().at(-1)),
    clear() {
      current?.blur();
      mark(undefined);
    },
    refresh,
  };
}

/** j, k, arrows, Home, End, Page keys; true if the key was one of them. */
export function moveByKey(cursor: RowCursor, key: string): boolean {
  if (key === 'j' || key === 'ArrowDown') cursor.move(1);
  else if (key === 'k' || key === 'ArrowUp') cursor.move(-1);
  else if (key === 'PageDown') cursor.move(15);
  else if (key === 'PageUp') cursor.move(-15);
  else if (key === 'Home') cursor.first();
  else if (key === 'End') cursor.last();
  else return false;
  return true;
}
