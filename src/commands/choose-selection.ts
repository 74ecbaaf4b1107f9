import type { TargetSelection } from '../config/config.ts';
import { listGoProcesses } from '../discovery/processes.ts';
import { selectionFor, targetByPid } from '../discovery/target.ts';
import { CommandError, exitCode } from './exit-code.ts';

/**
 * What `run` traces: what was given, or every Go process of a container.
 * @throws CommandError with the candidates where the user has to choose; TargetError for a pid that can't be traced
 */
export async function chooseSelection(given: TargetSelection): Promise<TargetSelection> {
  const selection = selectionFor(given);
  if (selection !== 'ask') {
    if (selection.pid !== undefined) targetByPid(selection.pid);
    return selection;
  }
  const processes = await listGoProcesses();
  const candidates = processes.map(({ pid, exePath }) => `\n  ${String(pid).padStart(7)}  ${exePath}`).join('');
  throw new CommandError(
    `Which process? This is the machine's own PID namespace. ${
      candidates === '' ? 'No Go process runs here now.' : `The Go processes here:${candidates}\n`
    }Set SIDESPAN_TARGET_PID, SIDESPAN_TARGET_PORT or SIDESPAN_TARGET_EXE (or --pid, --port, --exe); SIDESPAN_TARGET_EXE='*' means all of them.`,
    exitCode.usage,
  );
}
