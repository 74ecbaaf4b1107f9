import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');

/** `npm run demo` as a user starts it, on ports of its own. */
async function startDemo(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const [gateway, inventory, debug, viewer] = await freePorts(4);
  const child = spawn(join(root, 'scripts', 'demo'), args, {
    env: {
      ...process.env,
      GATEWAY_LISTEN: `127.0.0.1:${gateway}`,
      INVENTORY_LISTEN: `127.0.0.1:${inventory}`,
      INVENTORY_DEBUG: `127.0.0.1:${debug}`,
      SIDESPAN_VIEWER_PORT: String(viewer),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const arrived: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const wake of arrived.splice(0)) wake();
    });
  }
  const closed = once(child, 'close').then(([code]: (number | null)[]) => {
    for (const wake of arrived.splice(0)) wake();
    return code;
  });
  return {
    child,
    viewer,
    output: () => output,
    closed,
    /** Resolves when the output has this text. */
    async says(text: string) {
      while (!output.includes(text)) {
        if (child.exitCode !== null) assert.fail(`the demonstration ended without saying "${text}":\n${output}`);
        await new Promise<void>((resolve) => arrived.push(resolve));
      }
    },
  };
}

test('--once: what was sent, what the shop counted and what Sidespan saw are equal', async () => {
  const demo = await startDemo(['--once', '--seconds', '3']);
  const code = await demo.closed;
  assert.equal(code, 0, demo.output());
  const sent = /All numbers add up: (\d+) requests sent, all of them seen\./.exec(demo.output())?.[1];
  assert.ok(Number(sent) >= 100, demo.output());
  // A sample with decoded arguments and results.
  assert.match(demo.output(), /main\.charge\(cents=\d+, currency="[A-Z]{3}", tags=\[("[a-z]+" ?)+\]\) -> nil/);
});

test('until Ctrl-C: the viewer shows the spans meanwhile, and nothing runs on afterwards', async () => {
  const demo = await startDemo([]);
  await demo.says('Ctrl-C ends it.');
  const pids = [...demo.output().matchAll(/\(pid (\d+)\)/g)].slice(0, 2).map((match) => Number(match[1]));
  assert.equal(pids.length, 2, demo.output());
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${demo.viewer}/api/traces?name=main.checkout`);
    const { traces } = (await response.json()) as { traces: unknown[] };
    if (traces.length > 0) break;
  }
  demo.child.kill('SIGINT');
  assert.equal(await demo.closed, 0, demo.output());
  for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

test('a port that is taken is named, with the setting that chooses another', async () => {
  using taken = await listen();
  const demo = await startDemo(['--once'], { GATEWAY_LISTEN: `127.0.0.1:${taken.port}` });
  assert.equal(await demo.closed, 1);
  assert.match(demo.output(), new RegExp(`can't listen on 127\\.0\\.0\\.1:${taken.port}: another program`));
  assert.match(demo.output(), /GATEWAY_LISTEN=/);
});

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  return servers.map((server) => {
    using closing = server;
    return closing.port;
  });
}

async function listen(): Promise<Disposable & { readonly port: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { port, [Symbol.dispose]: () => server.close() };
}
