import assert from 'node:assert/strict';
import { after, before, suite, type TestContext, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { SpanStore } from '../../../src/web/span-store.ts';
import { launchBrowser, noBrowser } from '../../support/browser.ts';
import { readableSpan } from '../../support/readable-span.ts';
import { gateway, shopTraces } from '../../support/shop-spans.ts';
import { shopStatus } from '../../support/viewer-status.ts';
import { openViewer, rowsOf, type ViewerTestOptions, waitForRows } from './open-viewer.ts';

suite('the viewer in a browser', { skip: noBrowser }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  const open = (t: TestContext, options?: ViewerTestOptions) => openViewer(t, browser, options);
  const focusedRow = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute('data-id'));
  const newest = (store: SpanStore, count = 300) => store.traces({}, count).traces;

  test('says what to do while nothing has come, then shows traces as they arrive', async (t) => {
    const { page, problems, store } = await open(t, { traces: 0 });
    await page.getByText('Waiting for the first call').waitFor();
    await page.getByText('(pid 4711): 5 functions').waitFor();
    for (const spans of shopTraces(3)) store.add(spans);
    await waitForRows(page, 3);
    const [first] = newest(store);
    await rowsOf(page)
      .first()
      .filter({ hasText: first?.name ?? '?' })
      .waitFor();
    await page.getByText('3 of 3').waitFor();
    assert.deepEqual(problems, []);
  });

  test('says how to begin where nothing is traced', async (t) => {
    const { page } = await open(t, { traces: 0, status: { ...shopStatus, attachments: [], ledger: [] } });
    await page.getByText('SIDESPAN_TARGET_PID=4711 npx sidespan run').waitFor();
    await page.getByText('npx sidespan doctor').waitFor();
  });

  test('lists 200 traces, newest first, and filters them by name, service, duration and errors', async (t) => {
    const { page, problems, store } = await open(t);
    await waitForRows(page, 200);
    const ids = await rowsOf(page).evaluateAll((rows) => rows.map((row) => row.getAttribute('data-id')));
    assert.deepEqual(
      ids,
      newest(store).map(({ id }) => id),
    );
    const expected = (filter: Parameters<SpanStore['traces']>[0]) => store.traces(filter, 300).traces.length;

    await page.keyboard.press('/');
    await page.keyboard.type('charge');
    await waitForRows(page, expected({ name: 'charge' }));
    // What is typed is asked for a moment later: so far the answer may be that to `charg`.
    await page.waitForURL((url) => url.hash === '#/traces?name=charge');
    await page.keyboard.press('Escape');
    await page.keyboard.press('e');
    await waitForRows(page, expected({ name: 'charge', errorsOnly: true }));
    await page.reload();
    await waitForRows(page, expected({ name: 'charge', errorsOnly: true }));
    assert.equal(await page.getByLabel('Name, path or trace id').inputValue(), 'charge');

    await page.getByLabel('Errors only').uncheck();
    await page.getByLabel('Name, path or trace id').fill('');
    await page.getByLabel('Service', { exact: true }).selectOption('inventory');
    await waitForRows(page, expected({ service: 'inventory' }));
    await page.getByLabel('Minimum duration in milliseconds').fill('9,5');
    await waitForRows(page, expected({ service: 'inventory', minDurationMs: 9.5 }));
    await page.waitForURL((url) => url.hash === '#/traces?service=inventory&min=9.5');

    await page.getByLabel('Minimum duration in milliseconds').fill('100000');
    await page.getByRole('button', { name: 'Clear the filter' }).click();
    await waitForRows(page, 200);
    assert.deepEqual(problems, []);
  });

  test('the keyboard moves, opens, goes back, pauses and explains', async (t) => {
    const { page, problems, store } = await open(t);
    await waitForRows(page, 200);
    const [, second, third] = newest(store);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    assert.equal(await focusedRow(page), second?.id);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('k');
    await page.keyboard.press('ArrowDown');
    assert.equal(await focusedRow(page), third?.id);
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle);
    assert.equal(outline, 'solid', 'the focus is seen');
    await page.keyboard.press('Enter');
    await page.locator('.waterfall .row.span').first().waitFor();
    await page.waitForURL((url) => url.hash.startsWith(`#/traces/${third?.id}`));
    await page.keyboard.press('Escape');
    await rowsOf(page).first().waitFor();
    await page.waitForURL((url) => url.hash === '#/traces');

    await page.keyboard.press('Escape');
    await page.keyboard.press('p');
    await page.getByText('Paused', { exact: true }).waitFor();
    for (const spans of shopTraces(4, { seed: 9 })) store.add(spans);
    await page.getByText('4 new traces').waitFor();
    assert.equal(await rowsOf(page).count(), 200);
    await page.keyboard.press('p');
    await waitForRows(page, 204);

    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await page.keyboard.press('2');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await page.keyboard.press('Escape');
    for (const [key, heading] of [
      ['2', 'Latency'],
      ['3', 'Loss ledger'],
      ['4', 'What is attached'],
      ['1', 'Traces'],
    ]) {
      await page.keyboard.press(key ?? '');
      await page.getByRole('region', { name: heading ?? '', exact: true }).waitFor();
    }
    assert.deepEqual(problems, []);
  });

  test('nothing moves under the row that has the keyboard', async (t) => {
    const { page, store } = await open(t, { traces: 20 });
    await waitForRows(page, 20);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    const at = () => page.evaluate(() => document.activeElement?.getBoundingClientRect().top);
    const before = await at();
    for (const spans of shopTraces(5, { seed: 3 })) store.add(spans);
    await page.getByText('5 new traces').waitFor();
    assert.equal(await at(), before);
    await page.keyboard.press('Escape');
    await waitForRows(page, 25);
  });

  test('the waterfall nests spans at their times and shows a call with arguments and results', async (t) => {
    const { page, problems, store } = await open(t, { traces: 400 });
    const declined = store.traces({ errorsOnly: true, name: 'main.charge' }, 1).traces[0];
    const trace = store.trace(declined?.id ?? '');
    assert.ok(trace);
    await page.goto(`${page.url().split('#')[0]}#/traces/${trace.summary.id}`);
    const rows = page.locator('.waterfall .row.span');
    await rows.nth(6).waitFor();
    const drawn = await rows.evaluateAll((all) =>
      all.map((row) => {
        const timeline = row.querySelector('.timeline')?.getBoundingClientRect() ?? new DOMRect();
        const bar = row.querySelector('.bar')?.getBoundingClientRect() ?? new DOMRect();
        return {
          id: row.getAttribute('data-span'),
          level: Number(row.getAttribute('aria-level')),
          start: (bar.left - timeline.left) / timeline.width,
          end: (bar.right - timeline.left) / timeline.width,
        };
      }),
    );
    const names = drawn.map(({ id, level }) => `${level} ${trace.spans.find((span) => span.id === id)?.name}`);
    assert.deepEqual(names, [
      '1 POST /checkout',
      '2 main.decodeOrder',
      '2 main.(*shop).placeOrder',
      '3 shop.v1.Inventory/Reserve',
      '4 main.(*stock).take',
      '3 pricing.Total',
      '3 main.charge',
    ]);
    for (const { id, start, end } of drawn) {
      const span = trace.spans.find((each) => each.id === id);
      const expected = (span?.startOffsetNs ?? 0) / trace.summary.durationNs;
      assert.ok(Math.abs(start - expected) < 0.005, `${span?.name} begins at ${start}, expected ${expected}`);
      assert.ok(end >= start && end <= 1.02);
    }

    await page.getByText('main.charge').first().click();
    const detail = page.locator('.detail');
    await detail.getByRole('heading', { name: 'main.charge' }).waitFor();
    const text = await detail.innerText();
    const parts = [
      'Error card declined: insufficient funds',
      '*main.Order',
      '"Ada Løvelace"',
      'int64',
      '*errors.errorString',
    ];
    for (const part of parts) assert.ok(text.includes(part), `${part} in ${text}`);
    await page.keyboard.press('k');
    await detail.getByRole('heading', { name: 'pricing.Total' }).waitFor();
    await detail.getByText('unavailable: in float register').waitFor();
    // The chosen span is in the address.
    await page.waitForURL((url) => url.hash.includes('?span='));
    await page.reload();
    await detail.getByRole('heading', { name: 'pricing.Total' }).waitFor();

    await rows.nth(2).focus();
    await page.keyboard.press('h');
    assert.equal(await rows.filter({ visible: true }).count(), 3);
    assert.equal(await rows.nth(2).getAttribute('aria-expanded'), 'false');
    await page.keyboard.press('l');
    assert.equal(await rows.filter({ visible: true }).count(), 7);
    assert.deepEqual(problems, []);
  });

  test('what was cut says so', async (t) => {
    const { page, store } = await open(t, { traces: 400 });
    const slow = store.traces({ name: 'catalog).search', minDurationMs: 200 }, 1).traces[0];
    await page.goto(`${page.url().split('#')[0]}#/traces/${slow?.id}`);
    await page.getByText('main.(*catalog).search').first().click();
    await page.getByText('first 64 of 900 bytes').waitFor();
  });

  test('a trace of 1,000 spans in a deep chain opens and is walked with the keyboard', async (t) => {
    const { page, problems, store } = await open(t, { traces: 0 });
    const traceId = 'ab'.repeat(16);
    const id = (index: number) => index.toString(16).padStart(16, '0');
    const spans = Array.from({ length: 1000 }, (_, index) =>
      readableSpan({
        name: `main.descend${index}`,
        resource: gateway,
        traceId,
        spanId: id(index + 1),
        ...(index > 0 && { parentSpanId: id(index) }),
        startUnixNs: 1_800_000_000_000_000_000n + BigInt(index),
        durationNs: 5_000_000 - index * 1000,
      }),
    );
    store.add(spans.toReversed());
    await page.goto(`${page.url().split('#')[0]}#/traces/${traceId}`);
    const rows = page.locator('.waterfall .row.span');
    await rows.nth(999).waitFor({ state: 'attached' });
    await page.keyboard.press('End');
    await page.locator('.detail').getByRole('heading', { name: 'main.descend999' }).waitFor();
    assert.equal(await rows.nth(999).getAttribute('aria-level'), '1000');
    await page.keyboard.press('Home');
    await page.keyboard.press('h');
    assert.equal(await rows.filter({ visible: true }).count(), 1);
    assert.deepEqual(problems, []);
  });

  test('a trace whose root is still running grows when it returns', async (t) => {
    const { page, store } = await open(t, { traces: 0 });
    const [spans = []] = [...shopTraces(1)];
    const root = spans.at(-1);
    assert.ok(root);
    store.add(spans.slice(0, -1));
    await page.getByText('open', { exact: true }).first().waitFor();
    await rowsOf(page).first().click();
    await page.locator('.waterfall .row.span').first().waitFor();
    store.add([root]);
    await page.locator('.trace-heading h1', { hasText: root.name }).waitFor();
    assert.equal(await page.locator('.waterfall .row.span').first().getAttribute('aria-level'), '1');
  });

  test('histograms: figures per route and function, sorted, drawn, leading to their traces', async (t) => {
    const { page, problems, store } = await open(t, { hash: '#/latency' });
    const operations = page.locator('.latency-view .rows > .row');
    const { histograms } = store.histograms();
    await operations.nth(histograms.length - 1).waitFor();
    await page.getByRole('button', { name: 'p99' }).click();
    await page.waitForURL(/sort=p99/);
    const keys = await operations.evaluateAll((rows) => rows.map((row) => row.getAttribute('data-key')));
    const slowestFirst = histograms
      .toSorted((a, b) => b.p99Ns - a.p99Ns)
      .map(({ service, name }) => `${service} ${name}`);
    assert.deepEqual(keys, slowestFirst);
    await operations.filter({ hasText: 'main.charge' }).click();
    await page.locator('.chart-title', { hasText: 'main.charge' }).waitFor();
    const colours = await page.locator('.chart canvas').evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
      return new Set(Array.from({ length: data.length / 4 }, (_, i) => data.slice(i * 4, i * 4 + 4).join())).size;
    });
    assert.ok(colours > 5, 'bars, lines and text are drawn');
    await page.keyboard.press('Enter');
    await waitForRows(page, store.traces({ service: 'gateway', name: 'main.charge' }, 300).traces.length);
    assert.deepEqual(problems, []);
  });

  test('the ledger says that the sums add up, and where they do not', async (t) => {
    const good = await open(t, { hash: '#/ledger' });
    await good.page.getByText('All 120,490 calls are accounted for.').waitFor();
    await good.page.getByText('Dropped: 88 ring full, 12 queue full.').waitFor();
    assert.deepEqual(good.problems, []);
    const ledger = shopStatus.ledger.map((row, index) => (index === 2 ? { ...row, exported: row.exported - 7 } : row));
    const bad = await open(t, { hash: '#/ledger', status: { ...shopStatus, ledger } });
    await bad.page.getByText('The sums do not add up in 1 row: 7 calls went missing.').waitFor();
    await bad.page.getByRole('row', { name: /main\.charge.*off by 7/ }).waitFor();
  });

  test('shows what is attached, and what is not and why', async (t) => {
    const { page, problems } = await open(t, { hash: '#/attached' });
    const process = page.getByRole('article', { name: 'gateway, process 4711' });
    await process.getByText('11,872 functions found, 5 attached, 2 not').waitFor();
    await process.getByText('inlined everywhere: no code of its own').waitFor();
    await process.getByText('/src/shop/gateway/main.go:131').waitFor();
    assert.deepEqual(problems, []);
  });
});
