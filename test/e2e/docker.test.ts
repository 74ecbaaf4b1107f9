/**
 * The sidecar as its users run it: docker/compose.yaml built and started, load through the shop, and the traces found
 * by Jaeger's own query API.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ComposeProject, composeUp } from './compose-project.ts';
import { type JaegerSpan, type JaegerTrace, jaegerTraces, tag } from './jaeger-query.ts';

const gateway = 'shop-gateway';
const inventory = 'shop-inventory';
const orders = 40;
/** From a span's end to its being found, on a busy machine. */
const arrivalMs = 30_000;

/** Bits of CapEff: linux/capability.h. */
const sysPtrace = 1n << 19n;
const perfmon = 1n << 38n;
const bpf = 1n << 39n;

describe('docker/compose.yaml', () => {
  let project: ComposeProject;
  let shop: string;
  let jaeger: string;

  before(async () => {
    project = await composeUp();
    shop = await project.url('shop', 4390);
    jaeger = await project.url('jaeger', 16686);
    await attached(await project.url('sidespan', 4380), 2);
  });
  after(async () => {
    await project?.[Symbol.asyncDispose]();
  });

  test('every request of the shop is a span in Jaeger, by route and status', async () => {
    for (let order = 0; order < orders; order += 1) await placeOrder(shop, order);
    const counts = (await (await fetch(`${shop}/debug/counts`)).json()) as ShopCounts;
    const spansByRoute = async (): Promise<ShopCounts['requests']> => {
      const table: Record<string, Record<string, number>> = {};
      for (const span of spansOf(await jaegerTraces(jaeger, gateway, 1500), gateway)) {
        if (tag(span, 'span.kind') !== 'server') continue;
        const route = `${tag(span, 'http.request.method')} ${tag(span, 'http.route')}`;
        const status = String(tag(span, 'http.response.status_code'));
        const row = (table[route] ??= {});
        row[status] = (row[status] ?? 0) + 1;
      }
      return table;
    };
    await eventually(async () => assert.deepEqual(await spansByRoute(), counts.requests), project);
  });

  test("an order's trace holds the functions called within it, with their arguments", async () => {
    await eventually(async () => {
      const traces = await jaegerTraces(jaeger, gateway, 1500);
      const checkout = traces
        .flatMap((trace) => spansOf([trace], gateway))
        .find((span) => span.operationName === 'POST /carts/{id}/checkout');
      assert.ok(checkout, `no checkout among ${traces.length} traces`);
      const trace = traces.find(({ traceID }) => traceID === checkout.traceID);
      const spans = trace ? spansOf([trace], gateway) : [];
      const called = (name: string): JaegerSpan => {
        const span = spans.find((candidate) => tag(candidate, 'code.function.name') === name);
        assert.ok(
          span,
          `no ${name} in the trace; it has: ${spans.map(({ operationName }) => operationName).join(', ')}`,
        );
        return span;
      };
      const parentOf = (span: JaegerSpan): string | undefined => span.references[0]?.spanID;

      const ordering = called('main.checkout');
      assert.equal(parentOf(ordering), checkout.spanID);
      assert.equal(tag(ordering, 'sidespan.argument.currency'), 'EUR');
      assert.match(String(tag(ordering, 'sidespan.result.id')), /^order-\d{6}$/);

      const charge = called('main.charge');
      assert.equal(parentOf(charge), ordering.spanID);
      const cents = tag(charge, 'sidespan.argument.cents');
      assert.ok(typeof cents === 'number' && Number.isInteger(cents) && cents > 0, `cents are ${cents}`);
      assert.equal(tag(charge, 'sidespan.argument.currency'), 'EUR');
    }, project);
  });

  test('the inventory in its own container is traced by the same sidecar', async () => {
    await eventually(async () => {
      const spans = spansOf(await jaegerTraces(jaeger, inventory, 1500), inventory);
      const calls = spans.filter((span) => tag(span, 'span.kind') === 'server');
      assert.equal(calls.length, orders, 'one gRPC call an order');
      for (const call of calls) assert.match(call.operationName, /Inventory\/Reserve$/);
      const takings = spans.filter((span) => tag(span, 'code.function.name') === 'main.(*stock).take');
      assert.equal(takings.length, orders);
      for (const taking of takings) {
        assert.equal(tag(taking, 'sidespan.argument.sku'), 'moka-pot');
        assert.equal(tag(taking, 'sidespan.argument.quantity'), 2);
      }
    }, project);
  });

  test('Sidespan has three capabilities, a read-only root and limits, and lives within them', async () => {
    const { State: state, HostConfig: config } = await project.inspect('sidespan');
    assert.equal(state.Status, 'running');
    assert.equal(state.OOMKilled, false);
    assert.equal(config.ReadonlyRootfs, true);
    assert.ok(config.Memory > 0 && config.NanoCpus > 0);

    const status = await readFile(`/proc/${state.Pid}/status`, 'utf8');
    const capabilities = (set: string): bigint =>
      BigInt(`0x${new RegExp(`^${set}:\\t(\\w+)$`, 'm').exec(status)?.[1]}`);
    for (const set of ['CapEff', 'CapPrm', 'CapBnd']) {
      assert.equal(capabilities(set).toString(16), (bpf | perfmon | sysPtrace).toString(16), set);
    }
    assert.equal(capabilities('CapInh'), 0n);
    assert.match(status, /^NoNewPrivs:\t1$/m);
    await assert.rejects(project.compose(['exec', '-T', 'sidespan', 'touch', '/sidespan/x']), /Read-only file system/);
  });

  test('doctor finds nothing missing in there', async () => {
    const said = await project.compose(['exec', '-T', 'sidespan', 'sidespan', 'doctor']);
    assert.match(said, /Tracing will work here/);
    assert.doesNotMatch(said, /missing/);
  });

  test('the image has no compiler, no npm and nothing to write to', async () => {
    const look = 'command -v cc gcc clang npm; find /sidespan -mindepth 1 -perm /222 -not -type l';
    // `command -v` finds nothing and fails, which is what is wanted.
    const found = await project.compose(['exec', '-T', 'sidespan', 'sh', '-c', `${look}; true`]);
    assert.equal(found, '');
  });

  test('stopped, it flushes, says its counts and ends; the shop goes on', async () => {
    await project.compose(['stop', 'sidespan']);
    const { State: state } = await project.inspect('sidespan');
    assert.equal(state.ExitCode, 0, await project.compose(['logs', '--no-log-prefix', 'sidespan']));
    assert.equal((await fetch(`${shop}/products`)).status, 200);
  });

  test('down leaves nothing', async () => {
    // Jaeger now and then sits its grace period out.
    await project.compose(['down', '--volumes', '--timeout', '3']);
    const label = ['--filter', `label=com.docker.compose.project=${project.name}`, '--quiet'];
    assert.equal(await project.engine.docker(['ps', '--all', ...label]), '');
    assert.equal(await project.engine.docker(['network', 'ls', ...label]), '');
    assert.equal(await project.engine.docker(['volume', 'ls', ...label]), '');
  });
});

/** The shop's own count of its requests, by route and status. */
interface ShopCounts {
  readonly requests: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

async function placeOrder(shop: string, order: number): Promise<void> {
  const cart = `${shop}/carts/${order}`;
  const item = JSON.stringify({ sku: 'moka-pot', quantity: 2 });
  const added = await fetch(`${cart}/items`, { method: 'POST', body: item });
  assert.equal(added.status, 201, await added.text());
  const placed = await fetch(`${cart}/checkout?currency=EUR`, { method: 'POST' });
  assert.equal(placed.status, 201, await placed.text());
}

function spansOf(traces: readonly JaegerTrace[], service: string): JaegerSpan[] {
  return traces.flatMap(({ spans, processes }) =>
    spans.filter((span) => processes[span.processID]?.serviceName === service),
  );
}

/** Waits until the viewer shows that many processes with probes. */
async function attached(viewer: string, processes: number): Promise<void> {
  const giveUp = performance.now() + arrivalMs;
  for (;;) {
    const answer = await fetch(`${viewer}/api/attachments`).catch(() => undefined);
    const found = answer?.ok ? ((await answer.json()) as { attachments: { attached: unknown[] }[] }).attachments : [];
    if (found.filter((process) => process.attached.length > 0).length >= processes) return;
    if (performance.now() > giveUp) throw new Error(`not attached to ${processes} processes: ${JSON.stringify(found)}`);
    await sleep(250);
  }
}

/** Repeats a check until it holds; at the end its last failure stands, with Sidespan's own words. */
async function eventually(check: () => Promise<void>, project: ComposeProject): Promise<void> {
  const giveUp = performance.now() + arrivalMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (failure) {
      if (performance.now() < giveUp) {
        await sleep(500);
        continue;
      }
      console.error(await project.compose(['logs', '--no-log-prefix', '--tail', '60', 'sidespan']));
      throw failure;
    }
  }
}
