import { writeFile } from 'node:fs/promises';
import { startViewer } from '../../src/web/server.ts';
import { createSpanStore } from '../../src/web/span-store.ts';
import { launchBrowser } from './browser.ts';
import { shopTraces } from './shop-spans.ts';
import { shopStatus } from './viewer-status.ts';

// The picture of the viewer in the documentation: a declined checkout of the sample shop.
//   node test/support/viewer-picture.ts docs/viewer.png
// (docs/viewer.png went through `pngquant --quality 80-100` besides; fonts: Inter and JetBrains Mono.)

const [, , file = 'viewer.png'] = process.argv;
const store = createSpanStore();
for (const spans of shopTraces(200, { startUnixMs: Date.now() - 60_000 })) store.add(spans);
await using viewer = await startViewer({ host: '127.0.0.1', port: 0, store, status: () => shopStatus });
const declined = store.traces({ errorsOnly: true, name: 'main.charge', minDurationMs: 5 }, 1).traces[0];
const charge = store.trace(declined?.id ?? '')?.spans.find(({ name }) => name === 'main.charge');
const browser = await launchBrowser();
const viewport = { width: 1280, height: 720 };
const page = await browser.newPage({ viewport, deviceScaleFactor: 2, colorScheme: 'dark' });
await page.goto(`${viewer.url}#/traces/${declined?.id}?span=${charge?.id}`);
await page.getByText('Live', { exact: true }).waitFor();
await page.locator('.detail h2').click();
await writeFile(file, await page.screenshot());
await browser.close();
