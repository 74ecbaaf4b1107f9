/** What functions' probes cost, and that those which cost too much are out for a while. */
import assert from 'node:assert/strict';
import { arch } from 'node:process';
import { test } from 'node:test';
import { controlCpu } from '../../src/agent/cpu-budget.ts';
import { createLog } from '../../src/agent/log.ts';
import { functionShares, timedHits } from '../../src/agent/probe-share.ts';
import type { TracedService } from '../../src/agent/traced-service.ts';
import { measureTrapCost } from '../../src/bpf/trap-cost.ts';
import { createLedger } from '../../src/telemetry/ledger.ts';
import type { ProbeAccount } from '../../src/telemetry/ledger-account.ts';
import { goTarget } from '../support/go-target.ts';
import { eventually } from '../support/running.ts';
import { nothingCaptured, traceTarget } from '../support/traced-target.ts';

const options = { patterns: ['main.Step'], limits: nothingCaptured, timedHits };

test('traps are measured, and counted by the sites that a call hits', { timeout: 60_000 }, async (t) => {
  const { tracer, process, tell, line } = await traceTarget(t, await goTarget('steady'), [], options);
  const cost = measureTrapCost(tracer.kernel.attach);
  assert.equal(cost.assumed, undefined);
  assert.ok(cost.emulatedNs > 0 && cost.steppedNs > 0, JSON.stringify(cost));
  const before = tracer.counters(process);
  tell('1000 100000');
  await line();
  const unit = { emulatedNs: 1, steppedNs: 1e6 };
  const now = tracer.counters(process);
  const [step] = functionShares(process.plan, before, now, 1, unit);
  assert.ok(step);
  assert.equal(step.callsPerSecond, 1000);
  // A stack check, also of a call that begins anew; a RET, which arm64 simulates.
  const entries = 1000 + now[0]!.restarts - before[0]!.restarts;
  assert.equal(Math.round(step.traps * 1e9), entries + 1000 * (arch === 'x64' ? 1e6 : 1));
  assert.ok(step.bpf > 0 && step.share === step.bpf + step.traps);
});

test('a function is out when it is called often, is tried again, and is never out before', {
  timeout: 60_000,
}, async (t) => {
  const target = await traceTarget(t, await goTarget('steady'), [], options);
  const { tracer, process, tell, line } = target;
  const ledger = createLedger();
  const ledgerProcess = { pid: target.pid, serviceName: 'steady' };
  const accounts = process.plan.probes.map(({ description }) => ledger.open(ledgerProcess, description));
  const account = accounts[0] as ProbeAccount;
  const said: string[] = [];
  const log = createLog('info', (text) => said.push(text));
  // No more of a service is asked for.
  const service = { process, accounts, ledgerProcess } as unknown as TracedService;
  using _ = controlCpu(tracer, { all: [service] }, { budget: 0.01, intervalMs: 100, firstPauseMs: 400 }, log);
  const seen = () => tracer.counters(process)[0]!.seen;

  tell('50 50');
  await line();
  assert.deepEqual([seen(), account.pauses, said], [50, 0, []]);

  tell('600000 20000');
  await eventually(
    () => said.length,
    (lines) => lines >= 1,
  );
  assert.match(
    said[0]!,
    /: steady: main\.Step is not traced for 0\.4 s: [\d,]+ calls a second took \d+\.\d% of a core \(BPF \d+\.\d%, traps \d+\.\d%\); SIDESPAN_CPU_BUDGET is 1\.0%\. Its calls are not seen meanwhile$/,
  );
  assert.ok(account.paused !== undefined && account.paused.untilMs - account.paused.sinceMs === 400);
  const [row] = ledger.snapshot().rows;
  assert.ok(row?.pauses === 1 && row.pausedSince !== undefined && row.pausedUntil !== undefined);
  const before = seen();
  await eventually(
    () => said.length,
    (lines) => lines >= 3,
  );
  assert.match(said[1]!, /: steady: main\.Step is traced again$/);
  assert.match(said[2]!, /: steady: main\.Step is not traced for 0\.8 s: /);
  assert.ok(seen() > before);
});
