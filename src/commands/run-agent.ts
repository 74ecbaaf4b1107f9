import { once } from 'node:events';
import { hostname } from 'node:os';
import type { Log } from '../agent/log.ts';
import { writeSummary } from '../agent/summary.ts';
import { startAgent } from '../agent.ts';
import type { Config, TargetSelection } from '../config/config.ts';
import { balanced } from '../telemetry/ledger-snapshot.ts';
import { ledgerTable } from '../telemetry/ledger-table.ts';
import type { CommandContext } from './command.ts';
import { exitCode } from './exit-code.ts';
import { packageVersion } from './version.ts';

/** The whole of stopping, flush included: what orchestrators grant is 10 s and more. */
const stopWithinMs = 4000;

/** Runs the agent until it is asked to stop; prints the ledger then. @returns the exit code */
export async function runAgent(
  config: Config,
  selection: TargetSelection,
  stop: AbortSignal,
  { log, stderr, style }: Pick<CommandContext, 'stderr' | 'style'> & { readonly log: Log },
): Promise<number> {
  const agent = await startAgent({ config, selection, version: packageVersion(), hostName: hostname(), log });
  if (agent.viewerUrl !== undefined) log.info(`viewer: ${agent.viewerUrl}`);
  if (agent.tracedProcesses === 0) log.info('no process matches yet; waiting for one');
  if (!stop.aborted) await once(stop, 'abort');
  log.info(`stopping (${stop.reason})`);
  const snapshot = await agent.stop(stopWithinMs);
  if (snapshot.rows.length > 0 && config.logLevel !== 'silent') stderr.line(style.stderr.dim(ledgerTable(snapshot)));
  if (!balanced(snapshot)) log.error('the numbers of the ledger do not add up: this is a mistake in Sidespan');
  if (config.summaryFile !== undefined) writeSummary(config.summaryFile, snapshot);
  return exitCode.done;
}
