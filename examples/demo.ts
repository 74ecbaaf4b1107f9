/**
 * The demonstration: starts the shop, attaches Sidespan to it while it runs, sends it load.
 *
 *   npm run demo                       until Ctrl-C
 *   npm run demo -- --once             some seconds, then a summary; exit code 0 only if all numbers add up
 *   npm run demo -- --rate 200         requests a second
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Agent, startAgent, summaryFile } from './demo/agent.ts';
import { compare, type Observed } from './demo/comparison.ts';
import { DemoError } from './demo/processes.ts';
import { comparisonText, traceText } from './demo/report.ts';
import { type Service, type ShopCounts, startShop } from './demo/shop.ts';
import { type Load, sendLoad } from './demo/shop-load.ts';

const usage = `npm run demo [-- OPTIONS]
  --once          for some seconds only, then a summary; exit code 0 only if all numbers add up
  --seconds N     for how long with --once (8)
  --rate N        requests a second (50)
Spans go to the viewer on http://127.0.0.1:4380, and to OTEL_EXPORTER_OTLP_ENDPOINT when that is set.`;

/** For the agent's own flush when it ends; it needs 5 s at most. */
const agentGraceMs = 10_000;
/** For the last calls to arrive in the viewer and at the exporter. */
const settleTimeoutMs = 10_000;
const reportEveryMs = 10_000;

process.exitCode = await main().catch((error: unknown) => {
  if (!(error instanceof DemoError)) throw error;
  say(error.message);
  return 1;
});

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // The second one does not wait for the order of things; what was started ends with its parent.
      if (interrupted.signal.aborted) process.exit(130);
      interrupted.abort();
    });
  }

  const shop = await startShop(process.env);
  try {
    const [gateway, inventory] = shop.services;
    say(
      `the shop runs: gateway (pid ${gateway.program.pid}) on ${shop.origin}, inventory (pid ${inventory.program.pid})`,
    );
    say('attaching Sidespan to both, which go on running:');
    await mkdir(dirname(summaryFile), { recursive: true });
    await rm(summaryFile, { force: true });
    const line = (text: string) => process.stderr.write(`  ${text}\n`);
    const starting = performance.now();
    const agent = await startAgent(process.env, shop.services, line, interrupted.signal);
    try {
      const before = await countsOf(shop.services);
      const load = sendLoad(shop.origin, options.rate);
      say(`attached after ${((performance.now() - starting) / 1000).toFixed(1)} s`);
      say(`sending ${options.rate} requests a second. Traces: ${agent.viewerUrl}`);
      const endpoint = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
      if (endpoint) say(`spans also go to ${endpoint}`);
      if (options.once) await sleep(options.seconds * 1000, undefined, { signal: interrupted.signal }).catch(() => {});
      else await watch(agent, load, interrupted.signal);
      return await finish(agent, shop.services, load, before);
    } finally {
      await agent.program.stop(agentGraceMs);
    }
  } finally {
    await shop.stop();
  }
}

function readOptions(): { once: boolean; seconds: number; rate: number } | undefined {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        seconds: { type: 'string', default: '8' },
        rate: { type: 'string', default: '50' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const [seconds, rate] = [Number(values.seconds), Number(values.rate)];
    if (values.help || !(seconds > 0 && seconds <= 3600) || !(rate > 0 && rate <= 5000)) throw new Error('');
    return { once: values.once, seconds, rate };
  } catch (error) {
    process.stderr.write(`${error instanceof Error && error.message ? `${error.message}\n` : ''}${usage}\n`);
    return undefined;
  }
}

/** Until Ctrl-C or the agent's own end. */
async function watch(agent: Agent, load: Load, stop: AbortSignal): Promise<void> {
  say('Ctrl-C ends it.');
  const stopped = new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
  let ended = false;
  const agentEnded = agent.program.ended.then((how) => {
    ended = true;
    if (!stop.aborted) say(`sidespan ended (${how})`);
  });
  while (!stop.aborted && !ended) {
    const tick = sleep(reportEveryMs, undefined, { ref: false, signal: stop }).catch(() => {});
    await Promise.race([stopped, agentEnded, tick]);
    if (stop.aborted || ended) return;
    const ledger = await agent.ledger();
    const seen = ledger.reduce((sum, row) => sum + row.seen, 0);
    const exported = ledger.reduce((sum, row) => sum + row.exported, 0);
    say(`${load.sent} requests sent; ${seen} calls seen, ${exported} exported`);
  }
}

/** Ends load and agent and says what came of it. The exit code. */
async function finish(
  agent: Agent,
  services: readonly Service[],
  load: Load,
  before: readonly ShopCounts[],
): Promise<number> {
  await load.stop();
  const after = await countsOf(services);
  await settled(agent);
  const observed: Observed = {
    answers: load.answers,
    services: services.map((service, index) => ({
      name: service.name,
      pid: service.program.pid,
      before: before[index] as ShopCounts,
      after: after[index] as ShopCounts,
    })),
    ledger: await agent.ledger(),
    histograms: await agent.histograms(),
  };
  const samples = [
    await agent.sample('main.checkout', '201'),
    await agent.sample('main.checkout', '402'),
    await agent.sample('shop.v1.Inventory/Reserve', 'OK'),
  ];
  const begun = performance.now();
  const how = await agent.program.stop(agentGraceMs);
  say(`sidespan ended (${how}) ${((performance.now() - begun) / 1000).toFixed(1)} s after SIGTERM`);

  const comparison = compare(observed);
  const problems = [...comparison.problems, ...(await summaryProblems())];
  if (how !== 0) problems.push(`sidespan's exit code was ${how}`);
  print(comparisonText(comparison));
  for (const sample of samples) if (sample) print(`\nFor example, ${traceText(sample)}`);
  if (problems.length === 0) {
    print(`\nAll numbers add up: ${load.sent} requests sent, all of them seen.`);
    return 0;
  }
  print(`\nThe numbers do not add up:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  return 1;
}

function countsOf(services: readonly Service[]): Promise<ShopCounts[]> {
  return Promise.all(services.map((service) => service.counts()));
}

/** Waits for what is still on its way through the agent. */
async function settled(agent: Agent): Promise<void> {
  const giveUp = performance.now() + settleTimeoutMs;
  do {
    // The agent makes its status anew only every half second.
    await sleep(600);
    if ((await agent.ledger()).every((row) => row.inFlight === 0)) return;
  } while (performance.now() < giveUp);
}

async function summaryProblems(): Promise<string[]> {
  try {
    const summary = JSON.parse(await readFile(summaryFile, 'utf8')) as { balanced: boolean };
    return summary.balanced ? [] : ["the agent's own ledger does not balance"];
  } catch (error) {
    return [`the agent left no summary: ${error instanceof Error ? error.message : error}`];
  }
}

function say(text: string): void {
  process.stderr.write(`demo: ${text}\n`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
