import assert from 'node:assert/strict';
import { after, before, suite, type TestContext, test } from 'node:test';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Browser } from 'playwright-core';
import { startViewer } from '../../../src/web/server.ts';
import type { ViewerStatus } from '../../../src/web/status.ts';
import { launchBrowser, noBrowser } from '../../support/browser.ts';
import { shopTraces } from '../../support/shop-spans.ts';
import { shopStatus } from '../../support/viewer-status.ts';
import { openViewer, rowsOf, type ViewerTestOptions, waitForRows } from './open-viewer.ts';

suite('the viewer under hard conditions', { skip: noBrowser }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  const open = (t: TestContext, options?: ViewerTestOptions) => openViewer(t, browser, options);

  const hostile = '<img src=x onerror=alert(1)><script>alert(2)</script>"\'&amp;\u202egnp.\u0000';
  const shownHostile = '<img src=x onerror=alert(1)><script>alert(2)</script>"\'&amp;\\u202egnp.\\u0000';

  test('hostile strings are text wherever they stand', async (t) => {
    const status: ViewerStatus = {
      ...shopStatus,
      ledger: shopStatus.ledger.map((row) => ({
        ...row,
        process: hostile,
        probe: hostile,
        seen: row.seen + 1,
        dropped: { [hostile]: 1 },
      })),
      attachments: shopStatus.attachments.map((each) => ({
        ...each,
        service: hostile,
        exePath: hostile,
        note: hostile,
        notAttached: [{ functionName: hostile, reason: hostile }],
      })),
    };
    const { page, problems, store, viewer } = await open(t, { traces: 0, status });
    const [spans = []] = [...shopTraces(1, { seed: 5 })];
    store.add(spans.map(withHostileStrings));
    await rowsOf(page).filter({ hasText: shownHostile }).first().click();
    const detail = page.locator('.detail');
    await detail.getByRole('heading', { name: shownHostile }).waitFor();
    await detail.getByText(JSON.stringify(shownHostile).slice(1, -1).replaceAll('\\\\u', '\\u')).first().waitFor();
    for (const view of ['latency', 'ledger', 'attached']) {
      await page.goto(`${viewer.url}#/${view}`);
      await page.locator('main .view:visible').getByText(shownHostile).first().waitFor();
    }
    const injected = await page.evaluate(() => document.querySelectorAll('main img, main script').length);
    assert.equal(injected, 0);
    assert.deepEqual(problems, []);
  });

  function withHostileStrings(span: ReadableSpan): ReadableSpan {
    const attributes = {
      ...span.attributes,
      [hostile]: hostile,
      'sidespan.argument.x': hostile,
      'sidespan.argument.y': JSON.stringify({ [hostile]: hostile }),
      'sidespan.argument.y.type': hostile,
      'sidespan.argument.z.unavailable': hostile,
    };
    return { ...span, name: hostile, status: { code: 2, message: hostile }, attributes };
  }

  test('readable in dark and light: text has a contrast of 4.5 at least', async (t) => {
    const grounds: number[] = [];
    for (const scheme of ['dark', 'light'] as const) {
      const { page } = await open(t, { scheme });
      await waitForRows(page, 200);
      const poor = await page.evaluate(poorContrasts);
      assert.deepEqual(poor, [], scheme);
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      grounds.push(Number(/\d+/.exec(ground)?.[0]));
    }
    const [dark = 255, light = 0] = grounds;
    assert.ok(dark < 40 && light > 230, `dark ${dark}, light ${light}`);
  });

  test('works at 700 pixels: nothing is wider than the page', async (t) => {
    const { page, problems, store } = await open(t, { width: 700 });
    const checkout = store.traces({ name: 'checkout' }, 1).traces[0]?.id;
    for (const place of ['traces', `traces/${checkout}`, 'latency', 'ledger', 'attached']) {
      await page.goto(`${page.url().split('#')[0]}#/${place}`);
      await page.locator('main .service:visible, main .process:visible').first().waitFor();
      const wide = await page.evaluate(() => {
        const elements = [...document.querySelectorAll('.banner *, .filters *, .trace-heading *, .chart, .grid > *')];
        const visible = elements.filter((each) => each.checkVisibility() && !each.closest('svg'));
        return visible
          .filter((each) => each.getBoundingClientRect().right > 701)
          .map((each) => each.className || each.tagName);
      });
      assert.deepEqual(wide, [], place);
    }
    assert.deepEqual(problems, []);
  });

  test('a server that ends is said to be gone, and found again', async (t) => {
    const { page, viewer, store } = await open(t, { traces: 5 });
    await waitForRows(page, 5);
    await viewer.close();
    await page.getByText('Connection lost, retrying').waitFor();
    await using again = await startViewer({ host: '127.0.0.1', port: viewer.port, store, status: () => shopStatus });
    assert.equal(again.port, viewer.port);
    for (const spans of shopTraces(2, { seed: 7 })) store.add(spans);
    await page.getByText('Live', { exact: true }).waitFor();
    await waitForRows(page, 7);
  });
});

/** In the page: colours of text and ground whose WCAG contrast is below 4.5. */
function poorContrasts(): string[] {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const luminance = (colour: string): number => {
    if (canvas === null) throw new Error('no canvas');
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r = 0, g = 0, b = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map((byte) => {
      const share = byte / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const poor: string[] = [];
  const probe = document.body.appendChild(document.createElement('span'));
  const resolved = (name: string) => {
    probe.style.color = `var(--${name})`;
    return luminance(getComputedStyle(probe).color);
  };
  const pairs = [
    ...['text', 'muted', 'accent', 'error', 'caution', 'good'].flatMap((text) => [
      [text, 'page'],
      [text, 'raised'],
    ]),
    ['text', 'hover'],
    ['text', 'chosen'],
    ['muted', 'hover'],
    ['muted', 'chosen'],
    ['error', 'error-ground'],
    ['error', 'chosen'],
  ];
  for (const [text = '', ground = ''] of pairs) {
    const [a, b] = [resolved(text), resolved(ground)];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) poor.push(`${text} on ${ground}: ${contrast.toFixed(2)}`);
  }
  probe.remove();
  return poor;
}
