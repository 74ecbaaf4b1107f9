import { probeText } from '../probe/probe.ts';
import type { LedgerSnapshot } from '../telemetry/ledger-snapshot.ts';
import type { AgentStatus, ProcessAttachments, ViewerStatus } from '../web/status.ts';
import { buildMode, sitesOf } from './process-line.ts';
import type { TracedService } from './traced-service.ts';

/** Processes that could not be traced, or were and ended: shown with the reason. */
export type UntracedProcess = Pick<ProcessAttachments, 'pid' | 'exePath' | 'note'>;

/** What the viewer shows about the agent. */
export function viewerStatus(
  agent: AgentStatus,
  ledger: LedgerSnapshot,
  services: Iterable<TracedService>,
  untraced: readonly UntracedProcess[],
): ViewerStatus {
  return {
    agent,
    ledger: ledger.rows.map(
      ({ process, probe, kind, seen, exported, sampledOut, dropped, inFlight, enteredBeforeAttach }) => ({
        process,
        probe,
        kind,
        seen,
        exported,
        sampledOut,
        dropped: Object.fromEntries(
          Object.entries(dropped).map(([reason, count]) => [reason.replaceAll('_', ' '), count]),
        ),
        inFlight,
        enteredBeforeAttach,
      }),
    ),
    attachments: [...Array.from(services, attachmentsOf), ...untraced.map(notAttached)],
  };
}

function attachmentsOf({ process, ledgerProcess, accounts }: TracedService): ProcessAttachments {
  const { plan, binary, target } = process;
  return {
    pid: target.pid,
    service: ledgerProcess.serviceName,
    exePath: target.exePath,
    goVersion: binary.buildInfo.goVersion,
    buildMode: buildMode(binary),
    symbols: binary.hasSymbols,
    dwarf: binary.hasDwarf,
    functionCount: binary.functionCount,
    attached: plan.probes.flatMap(({ description }, index) =>
      accounts[index]?.paused === undefined
        ? [
            {
              functionName: probeText(description),
              kind: description.kind,
              ...sitesOf(plan, index),
              ...(description.source ?? description.inlined?.calledAt),
            },
          ]
        : [],
    ),
    notAttached: [
      ...accounts.flatMap(({ probe, paused }) =>
        paused === undefined
          ? []
          : [{ functionName: probeText(probe), reason: `over SIDESPAN_CPU_BUDGET, until ${timeOf(paused.untilMs)}` }],
      ),
      ...plan.report.presets.flatMap(({ name, unavailable, isAbsent }) =>
        unavailable === undefined || isAbsent ? [] : [{ functionName: name, reason: unavailable }],
      ),
      ...plan.report.untraceable,
    ],
  };
}

const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(11, 19)} UTC`;

function notAttached({ pid, exePath, note }: UntracedProcess): ProcessAttachments {
  return {
    pid,
    service: exePath.slice(exePath.lastIndexOf('/') + 1),
    exePath,
    goVersion: null,
    buildMode: null,
    symbols: false,
    dwarf: false,
    note,
    attached: [],
    notAttached: [],
  };
}
