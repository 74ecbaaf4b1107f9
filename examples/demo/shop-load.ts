import { Agent, request } from 'node:http';

/** Requests by route and status: `counts.get('GET /products/{sku}')?.get('404')`. */
export type Counts = Map<string, Map<string, number>>;

export interface Load {
  readonly sent: number;
  /** Answers by route and status; 'no answer' for a request that got none. */
  readonly answers: Counts;
  /** Sends no more; resolves when every request has its answer. */
  stop(): Promise<void>;
}

interface Step {
  readonly route: string;
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object | string;
  /** Of a caller that traces: the shop's spans become part of its trace. */
  readonly traceparent?: string;
}

/** A shop that hangs is not asked for more than this at once. */
const mostAtOnce = 64;
const timeoutMs = 10_000;
const tickMs = 10;

/**
 * Sends the shop a mix of requests at a fixed rate: most succeed, some fail in each way that the shop knows.
 * @param origin of the gateway, e.g. 'http://127.0.0.1:4390'
 */
export function sendLoad(origin: string, ratePerSecond: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: mostAtOnce });
  const answers: Counts = new Map();
  const open = new Set<Promise<void>>();
  const begun = performance.now();
  let sent = 0;

  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - begun) / 1000) * ratePerSecond);
    while (sent < due && open.size < mostAtOnce) {
      const step = stepOf(sent++);
      const answer = send(agent, origin, step).then((status) => {
        count(answers, step.route, status);
        open.delete(answer);
      });
      open.add(answer);
    }
  }, tickMs);

  return {
    get sent() {
      return sent;
    },
    answers,
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
      agent.destroy();
    },
  };
}

export function count(counts: Counts, route: string, status: string, by = 1): void {
  const row = counts.get(route) ?? new Map<string, number>();
  counts.set(route, row);
  row.set(status, (row.get(status) ?? 0) + by);
}

const skus = ['espresso-cup', 'moka-pot', 'grinder', 'filter-100', 'kettle', 'scale'];
const currencies = ['EUR', 'DKK', 'USD', 'JPY'];

/**
 * The mix, 25 requests a round. What goes into a round's carts is checked out one round later, when it certainly is in.
 */
function stepOf(index: number): Step {
  const round = Math.floor(index / 25);
  const sku = skus[round % skus.length] ?? '';
  const item = (cart: string, quantity: number, of = sku): Step => ({
    route: 'POST /carts/{id}/items',
    method: 'POST',
    path: `/carts/${cart}/items`,
    body: { sku: of, quantity, gift: round % 3 === 0 },
  });
  const checkout = (cart: string): Step => ({
    route: 'POST /carts/{id}/checkout',
    method: 'POST',
    path: `/carts/${cart}/checkout?currency=${currencies[round % currencies.length]}`,
  });
  const product = (of: string): Step => ({ route: 'GET /products/{sku}', path: `/products/${of}` });
  const steps: readonly Step[] = [
    { route: 'GET /products', path: '/products?tag=kitchen' },
    ...skus.map(product),
    item(`a${round}`, 1 + (round % 4)),
    item(`a${round}`, 2, 'filter-100'),
    { route: 'GET /carts/{id}', path: `/carts/a${round}` },
    checkout(`a${round - 1}`),
    { ...product(sku), traceparent: traceparentOf(index) },
    product('samovar'),
    item(`b${round}`, 20, 'grinder'),
    { route: 'GET /products', path: '/products' },
    checkout(`b${round - 1}`),
    item(`c${round}`, 99),
    { route: 'POST /carts/{id}/items', method: 'POST', path: `/carts/c${round}/items`, body: '{"sku": "kett' },
    checkout(`c${round}`),
    { route: 'GET /stock/{sku}/watch', path: `/stock/${sku}/watch?changes=4` },
    { route: 'GET /reports/sales', path: '/reports/sales?year=2026' },
    { route: 'GET /reports/{name}', path: '/reports/returns' },
    { route: '(none)', path: '/favicon.ico' },
    { route: 'GET /stock/{sku}/watch', path: '/stock/samovar/watch' },
    { route: 'GET /{$}', path: '/' },
  ];
  return steps[index % 25] as Step;
}

/** Made of the request's number: the same in every run. */
function traceparentOf(index: number): string {
  const digits = (index + 1).toString(16);
  return `00-${`51de5ba9${digits.padStart(24, '0')}`}-${`d0${digits.padStart(14, '0')}`}-01`;
}

/** Resolves with the status, or 'no answer'. Never sends a request twice: the shop would count it twice. */
function send(agent: Agent, origin: string, step: Step): Promise<string> {
  const body = step.body === undefined || typeof step.body === 'string' ? step.body : JSON.stringify(step.body);
  return new Promise((resolve) => {
    const headers: Record<string, string> = { 'user-agent': 'sidespan-demo' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (step.traceparent !== undefined) headers['traceparent'] = step.traceparent;
    const options = { agent, method: step.method ?? 'GET', headers, timeout: timeoutMs };
    const outgoing = request(`${origin}${step.path}`, options, (response) => {
      response.on('error', () => resolve('no answer'));
      response.on('end', () => resolve(String(response.statusCode)));
      response.resume();
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve('no answer'));
    outgoing.end(body);
  });
}
