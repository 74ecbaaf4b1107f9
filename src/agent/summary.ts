import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { balanced, type LedgerSnapshot } from '../telemetry/ledger-snapshot.ts';

/**
 * SIDESPAN_SUMMARY_FILE: the ledger at the agent's end, for programs that check it.
 * `seen = exported + sampledOut + sum(dropped) + stillRunning` in each row when `balanced`.
 * @throws Error that names the setting
 */
export function writeSummary(path: string, snapshot: LedgerSnapshot): void {
  const probes = snapshot.rows.map((row) => ({
    process: row.process,
    pid: row.owner?.pid ?? null,
    functionName: row.functionName,
    ...(row.inlined && { inlined: row.inlined }),
    kind: row.kind,
    seen: row.seen,
    exported: row.exported,
    sampledOut: row.sampledOut,
    shed: row.shed,
    dropped: row.dropped,
    stillRunning: row.stillRunningAtDetach,
    enteredBeforeAttach: row.enteredBeforeAttach,
    incomplete: row.incomplete,
    ...(row.headers && { headers: row.headers }),
    pauses: row.pauses,
    ...(row.pausedSince && { pausedSince: row.pausedSince, pausedUntil: row.pausedUntil }),
  }));
  const text = JSON.stringify({ balanced: balanced(snapshot), probes }, null, 2);
  try {
    // A device or pipe is written to, never replaced.
    if (existsSync(path) && !statSync(path).isFile()) return writeFileSync(path, `${text}\n`);
    // Whole or not at all: someone may be waiting for the file.
    writeFileSync(`${path}.part`, `${text}\n`);
    renameSync(`${path}.part`, path);
  } catch (cause) {
    const { message } = cause as Error;
    throw new Error(`The summary can't be written: ${message}. SIDESPAN_SUMMARY_FILE names the file.`, { cause });
  }
}
