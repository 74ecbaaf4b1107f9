import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { cleanEnvironment, mainFile, sidespan } from '../support/cli.ts';
import { goTarget } from '../support/go-target.ts';
import { eventually, start, startUntilLine } from '../support/running.ts';

/** All secrets that test/targets/known passes around begin with it. */
const secret = /S3CR3T|[dD]FNIQ1IzV/;

interface Exits {
  readonly otlp: string;
  readonly console: string;
  readonly log: string;
  readonly viewer: string;
}

/** What leaves an agent that traces functions full of secrets, by each way that there is. */
async function everyExit(context: TestContext, env: Readonly<Record<string, string>>): Promise<Exits> {
  const bodies: Buffer[] = [];
  const receiver = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => bodies.push(chunk)).on('end', () => response.end());
  }).listen(0, '127.0.0.1');
  context.after(() => receiver.close());
  await new Promise((resolve) => receiver.once('listening', resolve));

  const target = await startUntilLine(context, await goTarget('known'), ['-rounds', '10000', '-every', '50ms'], {});
  target.child.stdout?.resume();
  const agent = start(context, process.execPath, [mainFile, 'run'], {
    env: cleanEnvironment({
      SIDESPAN_TARGET_PID: String(target.pid),
      SIDESPAN_FUNCTIONS: 'main.takes*',
      SIDESPAN_VIEWER_PORT: '0',
      SIDESPAN_LOG_LEVEL: 'debug',
      OTEL_TRACES_EXPORTER: 'otlp,console',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
      OTEL_BSP_SCHEDULE_DELAY: '200',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      ...env,
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { console: '', log: '' };
  agent.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    output.console += chunk;
  });
  agent.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    output.log += chunk;
  });
  const otlp = () => Buffer.concat(bodies).toString('latin1');
  // The last function of a round.
  const isThere = () => otlp().includes('takesTexts') && output.console.includes('takesTexts');
  await eventually(isThere, Boolean, 30_000).catch((cause) => {
    throw new Error(`no spans came; the agent's log:\n${output.log}`, { cause });
  });
  const base = /viewer: (\S+?)\/?\n/.exec(output.log)?.[1];
  const list = await (await fetch(`${base}/api/traces?limit=200`)).text();
  const traces: string[] = [];
  for (const id of [...new Set(list.match(/\b[0-9a-f]{32}\b/g))].slice(0, 40)) {
    traces.push(await (await fetch(`${base}/api/traces/${id}`)).text());
  }
  const ended = new Promise((resolve) => agent.once('close', resolve));
  agent.kill('SIGTERM');
  await ended;
  return { ...output, otlp: otlp(), viewer: list + traces.join('\n') };
}

test('no secret leaves by OTLP, console, viewer or log', { timeout: 180_000 }, async (context) => {
  const exits = await everyExit(context, {});
  for (const [way, text] of Object.entries(exits)) assert.doesNotMatch(text, secret, way);
  for (const way of ['otlp', 'console', 'viewer'] as const) assert.match(exits[way], /REDACTED/, way);
});

test('with redaction off they are there: the test above would see them', { timeout: 180_000 }, async (context) => {
  const exits = await everyExit(context, { SIDESPAN_REDACT: 'none' });
  for (const way of ['otlp', 'console', 'viewer'] as const) assert.match(exits[way], secret, way);
});

test('trace prints no secret, as text or JSON; given names are hidden too', { timeout: 180_000 }, async () => {
  const executable = await goTarget('known');
  for (const options of [[], ['--json']]) {
    const { code, stdout } = sidespan(['trace', ...options, 'main.takes*', '--', executable]);
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, secret);
    assert.match(stdout, /takesTexts/);
  }
  const env = { SIDESPAN_REDACT: 'default;max*;/shop\\.exam\\w+/' };
  const { stdout } = sidespan(['trace', 'main.takes*', '--', executable], { env });
  assert.match(stdout, /maxTokens=<redacted>/);
  assert.match(stdout, /https:\/\/REDACTED\/items/);
  assert.doesNotMatch(stdout, secret);
  const bad = sidespan(['trace', 'main.*', '--', executable], { env: { SIDESPAN_REDACT: 'default;/(/' } });
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /SIDESPAN_REDACT/);
});
