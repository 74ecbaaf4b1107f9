import type { TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { startViewer, type Viewer } from '../../../src/web/server.ts';
import { createSpanStore, type SpanStore } from '../../../src/web/span-store.ts';
import type { ViewerStatus } from '../../../src/web/status.ts';
import { type OpenedPage, openPage, type PageOptions } from '../../support/browser.ts';
import { shopTraces } from '../../support/shop-spans.ts';
import { shopStatus } from '../../support/viewer-status.ts';

export interface OpenedViewer extends OpenedPage {
  readonly store: SpanStore;
  readonly viewer: Viewer;
}

export interface ViewerTestOptions extends PageOptions {
  readonly traces?: number;
  readonly hash?: string;
  readonly status?: ViewerStatus;
}

/** A viewer with traces of the sample shop, and a page that shows it. */
export async function openViewer(
  t: TestContext,
  browser: Browser,
  options: ViewerTestOptions = {},
): Promise<OpenedViewer> {
  const store = createSpanStore();
  for (const spans of shopTraces(options.traces ?? 200)) store.add(spans);
  const status = options.status ?? shopStatus;
  const viewer = await startViewer({ host: '127.0.0.1', port: 0, store, status: () => status });
  t.after(() => viewer.close());
  const opened = await openPage(t, browser, viewer.url + (options.hash ?? ''), options);
  return { ...opened, store, viewer };
}

export const rowsOf = (page: Page) => page.locator('.traces-view .rows > .row');

export async function waitForRows(page: Page, count: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => document.querySelectorAll('.traces-view .rows > .row').length === wanted,
    count,
  );
}
