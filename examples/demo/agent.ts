import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AttachmentsReport, HistogramList, LedgerReport, TraceDetail, TraceList } from '../../src/web/api.ts';
import type { LedgerRow, ProcessAttachments } from '../../src/web/status.ts';
import { DemoError, needFreeAddress, type Program, startProgram } from './processes.ts';
import { type Service, shopExecutables } from './shop.ts';

const root = join(import.meta.dirname, '..', '..');

/** What is traced besides requests: the shop's own functions. */
export const tracedFunctions =
  'main.*;github.com/acme/shop/cart.*;github.com/acme/shop/pricing.*;github.com/acme/shop/catalog.*';

/** Where the agent writes what it saw when it ends. */
export const summaryFile = join(root, '.cache', 'demo', 'summary.json');

export interface Agent {
  readonly program: Program;
  readonly viewerUrl: string;
  attachments(): Promise<readonly ProcessAttachments[]>;
  ledger(): Promise<readonly LedgerRow[]>;
  histograms(): Promise<HistogramList>;
  /** The newest trace with a span of this name and this outcome of its root. */
  sample(spanName: string, outcome: string): Promise<TraceDetail | undefined>;
}

const attachTimeoutMs = 60_000;

/**
 * Starts `sidespan run` for programs that run already.
 * @param line gets each line that it writes.
 * @param stop ends the wait.
 * @throws DemoError when its viewer's port is taken, when it ends, or when it isn't attached in time.
 */
export async function startAgent(
  env: NodeJS.ProcessEnv,
  services: readonly Service[],
  line: (text: string) => void,
  stop: AbortSignal,
): Promise<Agent> {
  const address = `${env['SIDESPAN_VIEWER_HOST'] || '127.0.0.1'}:${env['SIDESPAN_VIEWER_PORT'] || '4380'}`;
  await needFreeAddress(address, "Sidespan's viewer", 'SIDESPAN_VIEWER_PORT=PORT');
  const program = await startProgram(join(root, 'bin', 'sidespan'), ['run'], {
    env: {
      SIDESPAN_TARGET_EXE: shopExecutables,
      SIDESPAN_FUNCTIONS: env['SIDESPAN_FUNCTIONS'] || tracedFunctions,
      SIDESPAN_SUMMARY_FILE: summaryFile,
    },
    log: line,
  });
  const viewerUrl = `http://${address}`;
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${viewerUrl}${path}`, { signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new DemoError(`${viewerUrl}${path} answers ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  const agent: Agent = {
    program,
    viewerUrl,
    attachments: async () => (await get<AttachmentsReport>('/api/attachments')).attachments,
    ledger: async () => (await get<LedgerReport>('/api/ledger')).ledger,
    histograms: () => get<HistogramList>('/api/histograms'),
    async sample(spanName, outcome) {
      const { traces } = await get<TraceList>(`/api/traces?limit=200&name=${encodeURIComponent(spanName)}`);
      const trace = traces.find((each) => each.outcome === outcome);
      return trace && get<TraceDetail>(`/api/traces/${trace.id}`);
    },
  };
  try {
    await attached(agent, services, stop);
    return agent;
  } catch (error) {
    await program.stop(10_000);
    throw error;
  }
}

async function attached(agent: Agent, services: readonly Service[], stop: AbortSignal): Promise<void> {
  let ended: number | NodeJS.Signals | undefined;
  agent.program.ended.then((how) => {
    ended = how;
  });
  const giveUp = performance.now() + attachTimeoutMs;
  for (;;) {
    if (stop.aborted) throw new DemoError('interrupted');
    if (ended !== undefined) {
      throw new DemoError(`sidespan ended (${ended}): what it says is above; \`bin/sidespan doctor\` tells more.`);
    }
    // Until it listens, nothing answers.
    const attachments = await agent.attachments().catch(() => []);
    const found = services.map((service) => attachments.find((each) => each.pid === service.program.pid));
    if (found.every((each) => each !== undefined && each.attached.length > 0)) return;
    const refused = found.find((each) => each?.note !== undefined);
    if (refused) throw new DemoError(`sidespan can't trace ${refused.exePath}: ${refused.note}`);
    if (performance.now() > giveUp) {
      throw new DemoError(`sidespan has not attached to the shop within ${attachTimeoutMs / 1000} s.`);
    }
    await sleep(100);
  }
}
