import type { ApiError } from '../api.ts';

/** The server refused or is not there; the message is for people. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** JSON from the viewer's API. */
export async function getJson<T>(path: string): Promise<T> {
  const response = await fetch(path).catch(() => {
    throw new RequestError(0, 'Sidespan does not answer. Is it still running?');
  });
  const body = (await response.json()) as T | ApiError;
  if (!response.ok) throw new RequestError(response.status, (body as ApiError).error);
  return body as T;
}

/** Calls `read` at once and then every `everyMs` while visible, one at a time, until stopped. */
export function poll(everyMs: number, read: () => Promise<void>): () => void {
  let stopped = false;
  let timer: number | undefined;
  async function round(): Promise<void> {
    if (!document.hidden) await read().catch(() => {});
    if (!stopped) timer = setTimeout(round, everyMs);
  }
  void round();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
