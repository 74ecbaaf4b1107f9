import { existsSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
export const noBrowser = existsSync(CHROMIUM)
  ? false
  : `no ${CHROMIUM}: apt-get install --no-install-recommends chromium`;

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

export interface OpenedPage {
  readonly page: Page;
  /** Errors on the console, exceptions, dialogs, and requests to anywhere but the viewer. */
  readonly problems: string[];
}

export interface PageOptions {
  readonly width?: number;
  readonly scheme?: 'dark' | 'light';
}

/** A page of its own at the address, loaded; closed after the test. */
export async function openPage(
  t: TestContext,
  browser: Browser,
  url: string,
  options: PageOptions = {},
): Promise<OpenedPage> {
  const viewport = { width: options.width ?? 1280, height: 800 };
  const page = await browser.newPage({ viewport, colorScheme: options.scheme ?? 'dark' });
  t.after(() => page.close());
  const problems: string[] = [];
  const { origin } = new URL(url);
  page.on('console', (message) => {
    // Networks that other programs on this machine make or remove abort what is loading; see below.
    const isProblem = message.type() === 'error' && !message.text().includes('ERR_NETWORK_CHANGED');
    if (isProblem) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error}`));
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) problems.push(`request: ${request.url()}`);
  });
  for (let tries = 0; ; tries++) {
    await page.goto(url);
    try {
      await page.waitForSelector('.banner', { timeout: 10_000 });
      return { page, problems };
    } catch (error) {
      if (tries === 2) throw error;
    }
  }
}
