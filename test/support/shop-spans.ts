import { type Attributes, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { hex, logNormal, randomNumbers } from './random.ts';
import { readableSpan, type SpanPlan } from './readable-span.ts';

/**
 * Spans as Sidespan makes them of a small shop: an HTTP gateway, a gRPC inventory, and business functions with
 * arguments and results. The same seed gives the same spans.
 */
export interface ShopOptions {
  readonly seed?: number;
  readonly startUnixMs?: number;
  /** Between the starts of two requests. */
  readonly gapMs?: number;
}

export const gateway = resourceFromAttributes({ 'service.name': 'gateway', 'process.pid': 4711 });
export const inventory = resourceFromAttributes({ 'service.name': 'inventory', 'process.pid': 4712 });

/** One array of spans a request, in the order in which they end. */
export function* shopTraces(count: number, options: ShopOptions = {}): Generator<ReadableSpan[]> {
  const random = randomNumbers(options.seed ?? 1);
  const startUnixMs = options.startUnixMs ?? Date.UTC(2026, 2, 14, 9, 26, 53);
  for (let index = 0; index < count; index++) {
    const startUnixNs = BigInt(Math.round(startUnixMs + index * (options.gapMs ?? 180))) * 1_000_000n;
    const request = newRequest(startUnixNs, random);
    const pick = random();
    if (pick < 0.35) checkout(request);
    else if (pick < 0.7) product(request);
    else if (pick < 0.9) cart(request);
    else search(request);
    yield request.spans;
  }
}

interface Request {
  readonly spans: ReadableSpan[];
  readonly traceId: string;
  readonly startUnixNs: bigint;
  readonly random: () => number;
  /** Adds the span; `at` and `lasts` in us from the request's start. Returns its id. */
  readonly span: (at: number, lasts: number, plan: Partial<SpanPlan> & { name: string }) => string;
}

function newRequest(startUnixNs: bigint, random: () => number): Request {
  const traceId = hex(random, 32);
  const spans: ReadableSpan[] = [];
  const span: Request['span'] = (at, lasts, plan) => {
    const spanId = plan.spanId ?? hex(random, 16);
    const start = startUnixNs + BigInt(Math.round(at * 1000));
    const built = readableSpan({
      resource: gateway,
      traceId,
      startUnixNs: start,
      durationNs: lasts * 1000,
      ...plan,
      spanId,
    });
    spans.push(built);
    return spanId;
  };
  return { spans, traceId, startUnixNs, random, span };
}

const KINDS_OF_PAYMENT = ['card', 'voucher', 'invoice'];
const SKUS = ['espresso-cup', 'moka-pot', 'grinder', 'filter-100', 'kettle', 'scale'];

function checkout(request: Request): void {
  const { random, span } = request;
  const root = hex(random, 16);
  const place = hex(random, 16);
  const sku = SKUS[Math.floor(random() * SKUS.length)] ?? '';
  const quantity = 1 + Math.floor(random() * 4);
  const declined = random() < 0.07;
  const fast = logNormal(random, 900, 0.4);
  const charge = logNormal(random, 5200, 0.55);
  const orderId = 10_000 + Math.floor(random() * 80_000);
  span(fast * 0.1, fast * 0.07, {
    name: 'main.decodeOrder',
    parentSpanId: root,
    attributes: code('main.decodeOrder', 88, {
      'sidespan.argument.body.unavailable': 'dynamic type *http.body is not captured',
      'sidespan.argument.body.type': 'io.ReadCloser',
      ...resultError(null),
    }),
  });
  const reserveAt = fast * 0.35;
  const reserve = logNormal(random, 1400, 0.35);
  const remote = hex(random, 16);
  span(reserveAt + reserve * 0.3, reserve * 0.4, {
    name: 'main.(*stock).take',
    resource: inventory,
    parentSpanId: remote,
    attributes: code('main.(*stock).take', 61, {
      'sidespan.argument.s': JSON.stringify([
        { name: 'shelves', goType: 'map[string]int', value: null, truncated: { of: 6 } },
      ]),
      'sidespan.argument.s.type': '*main.stock',
      'sidespan.argument.sku': sku,
      'sidespan.argument.sku.type': 'string',
      'sidespan.argument.quantity': quantity,
      'sidespan.argument.quantity.type': 'int32',
      'sidespan.result.left': 40 - quantity,
      'sidespan.result.left.type': 'int32',
      ...resultError(null),
    }),
  });
  span(reserveAt + reserve * 0.15, reserve * 0.7, {
    spanId: remote,
    name: 'shop.v1.Inventory/Reserve',
    kind: SpanKind.SERVER,
    resource: inventory,
    parentSpanId: place,
    remoteParent: true,
    scope: 'sidespan/google.golang.org/grpc',
    attributes: {
      'rpc.system.name': 'grpc',
      'rpc.method': 'shop.v1.Inventory/Reserve',
      'rpc.status_code': 'OK',
      'server.address': '127.0.0.1',
      'server.port': 7070,
    },
  });
  const lineItems = Array.from({ length: quantity }, (_, line) => ({
    SKU: SKUS[line % SKUS.length],
    Cents: 1290 + line * 450,
  }));
  span(reserveAt + reserve + 20, fast * 0.12, {
    name: 'pricing.Total',
    parentSpanId: place,
    attributes: code('github.com/acme/shop/pricing.Total', 23, {
      'sidespan.argument.lines': JSON.stringify(lineItems),
      'sidespan.argument.lines.type': '[]pricing.Line',
      ...(quantity > 3 ? { 'sidespan.argument.lines.truncated': 9 } : {}),
      'sidespan.argument.discount.unavailable': 'in float register',
      'sidespan.argument.discount.type': 'float64',
      'sidespan.result.cents': quantity * 1740,
      'sidespan.result.cents.type': 'int64',
    }),
  });
  const chargeAt = reserveAt + reserve + fast * 0.2 + 40;
  span(chargeAt, charge, {
    name: 'main.charge',
    parentSpanId: place,
    status: declined
      ? { code: SpanStatusCode.ERROR, message: 'card declined: insufficient funds' }
      : { code: SpanStatusCode.UNSET },
    attributes: code('main.charge', 131, {
      'sidespan.argument.o': JSON.stringify({
        ID: orderId,
        Customer: { Name: 'Ada Løvelace', Country: 'DK' },
        Lines: lineItems,
        Note: null,
      }),
      'sidespan.argument.o.type': '*main.Order',
      'sidespan.argument.cents': quantity * 1740,
      'sidespan.argument.cents.type': 'int64',
      'sidespan.argument.method': KINDS_OF_PAYMENT[orderId % 3] ?? '',
      'sidespan.argument.method.type': 'string',
      'sidespan.result.receipt': declined ? '' : `rcpt_${orderId.toString(36)}`,
      'sidespan.result.receipt.type': 'string',
      ...resultError(declined ? 'card declined: insufficient funds' : null),
    }),
  });
  span(fast * 0.2, chargeAt + charge + fast * 0.15 - fast * 0.2, {
    spanId: place,
    name: 'main.(*shop).placeOrder',
    parentSpanId: root,
    status: declined
      ? { code: SpanStatusCode.ERROR, message: 'card declined: insufficient funds' }
      : { code: SpanStatusCode.UNSET },
    attributes: code('main.(*shop).placeOrder', 102, {
      'sidespan.argument.ctx.unavailable': 'not captured: context.Context',
      'sidespan.argument.ctx.type': 'context.Context',
      'sidespan.argument.sku': sku,
      'sidespan.argument.sku.type': 'string',
      'sidespan.argument.quantity': quantity,
      'sidespan.argument.quantity.type': 'int',
      ...resultError(declined ? 'card declined: insufficient funds' : null),
    }),
  });
  http(request, root, 'POST', '/checkout', '/checkout', declined ? 502 : 201, chargeAt + charge + fast * 0.5);
}

function product(request: Request): void {
  const { random, span } = request;
  const root = hex(random, 16);
  const missing = random() < 0.04;
  const lookup = logNormal(random, 240, 0.5);
  const sku = missing ? 'unobtainium' : (SKUS[Math.floor(random() * SKUS.length)] ?? '');
  span(60, lookup, {
    name: 'main.(*catalog).find',
    parentSpanId: root,
    attributes: code('main.(*catalog).find', 41, {
      'sidespan.argument.sku': sku,
      'sidespan.argument.sku.type': 'string',
      'sidespan.result.p': missing ? 'null' : JSON.stringify({ SKU: sku, Cents: 1290, Stock: 40 }),
      'sidespan.result.p.type': '*main.Product',
      ...resultError(missing ? 'no such product: unobtainium' : null),
    }),
  });
  span(lookup + 90, logNormal(random, 130, 0.4), {
    name: 'main.renderProduct',
    parentSpanId: root,
    attributes: code('main.renderProduct', 58, {
      'sidespan.argument.p': JSON.stringify({ SKU: sku, Cents: 1290, Stock: 40 }),
      'sidespan.argument.p.type': '*main.Product',
    }),
  });
  http(request, root, 'GET', '/products/{sku}', `/products/${sku}`, missing ? 404 : 200, lookup + 420 + random() * 80);
}

function cart(request: Request): void {
  const { random, span } = request;
  const root = hex(random, 16);
  const add = logNormal(random, 80, 0.6);
  span(50, add, {
    name: 'cart.(*Cart).Add',
    parentSpanId: root,
    attributes: code('github.com/acme/shop/cart.(*Cart).Add', 34, {
      'sidespan.argument.c': JSON.stringify({ ID: 17, Items: 3 }),
      'sidespan.argument.c.type': '*cart.Cart',
      'sidespan.argument.item': JSON.stringify({ SKU: 'grinder', Quantity: 1, Tags: ['a', 'b'] }),
      'sidespan.argument.item.type': 'cart.Item',
      ...resultError(null),
    }),
  });
  http(request, root, 'PUT', '/cart/{id}', '/cart/17', 204, add + 180 + random() * 60);
}

function search(request: Request): void {
  const { random, span } = request;
  const root = hex(random, 16);
  const slow = random() < 0.2;
  const scan = logNormal(random, slow ? 310_000 : 28_000, 0.4);
  span(70, scan, {
    name: 'main.(*catalog).search',
    parentSpanId: root,
    attributes: code('main.(*catalog).search', 77, {
      'sidespan.argument.query': slow ? `${'cup'.repeat(21)}c` : 'kettle',
      'sidespan.argument.query.type': 'string',
      ...(slow ? { 'sidespan.argument.query.truncated': 900 } : {}),
      'sidespan.argument.limit': 20,
      'sidespan.argument.limit.type': 'int',
      'sidespan.result.skus': ['kettle', 'kettle-descaler'],
      'sidespan.result.skus.type': '[]string',
    }),
  });
  http(request, root, 'GET', '/search', '/search', 200, scan + 260);
}

function http(
  request: Request,
  spanId: string,
  method: string,
  route: string,
  path: string,
  status: number,
  lasts: number,
): void {
  request.span(0, lasts, {
    spanId,
    name: `${method} ${route}`,
    kind: SpanKind.SERVER,
    scope: 'sidespan/net/http',
    status: status >= 500 ? { code: SpanStatusCode.ERROR } : { code: SpanStatusCode.UNSET },
    attributes: {
      'http.request.method': method,
      'http.route': route,
      'url.path': path,
      'url.scheme': 'http',
      ...(route === '/search' ? { 'url.query': 'q=kettle' } : {}),
      'http.response.status_code': status,
      'http.response.body.size': 120 + Math.floor(request.random() * 900),
      'server.address': '127.0.0.1',
      'server.port': 8080,
      'client.address': '127.0.0.1',
      'network.protocol.version': '1.1',
      'user_agent.original': 'hey/0.1.5',
      ...(status >= 500 ? { 'error.type': String(status) } : {}),
    },
  });
}

function code(functionName: string, line: number, values: Attributes): Attributes {
  return {
    'code.function.name': functionName,
    'code.file.path': '/src/shop/main.go',
    'code.line.number': line,
    'sidespan.goroutine.id': 18 + line,
    ...values,
  };
}

function resultError(message: string | null): Attributes {
  if (message === null) return { 'sidespan.result.err': 'null', 'sidespan.result.err.type': 'error' };
  return { 'sidespan.result.err': message, 'sidespan.result.err.type': '*errors.errorString' };
}
