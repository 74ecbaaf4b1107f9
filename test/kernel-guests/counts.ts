/** Two counts of the same calls, the traced program's own and the agent's, and what speaks against their equality. */

/** As test/targets/httpserver prints them. */
export interface ServerCounts {
  readonly requests: number;
  readonly functions: Readonly<Record<string, number>>;
}

/** As the agent writes it to SIDESPAN_SUMMARY_FILE, as far as it is judged here. */
export interface AgentSummary {
  readonly balanced: boolean;
  readonly probes: readonly ProbeSummary[];
}

export interface ProbeSummary {
  /** `gateway (4711)` */
  readonly process: string;
  readonly pid: number | null;
  readonly functionName: string;
  readonly kind: string;
  readonly seen: number;
  readonly exported: number;
  readonly sampledOut: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly stillRunning: number;
  readonly enteredBeforeAttach: number;
  /** With SIDESPAN_PROPAGATION=write. */
  readonly headers?: Readonly<Record<string, number>>;
}

/** @throws Error when the text is not a summary. */
export function parseSummary(text: string): AgentSummary {
  const summary = JSON.parse(text) as AgentSummary;
  if (!Array.isArray(summary.probes) || typeof summary.balanced !== 'boolean') {
    throw new Error(`not a summary of the agent's: ${text.slice(0, 200)}`);
  }
  return summary;
}

/**
 * Everything that an agent without fault would not show.
 * @param probeOf finds the probe that must have seen a traced function's calls, and the one of the requests.
 * @returns one sentence each; empty: all calls are accounted for.
 */
export function discrepancies(
  server: ServerCounts,
  agent: AgentSummary,
  functions: readonly string[],
): readonly string[] {
  const found: string[] = [];
  const compare = (what: string, probe: ProbeSummary | undefined, truth: number): void => {
    if (!probe) {
      found.push(`${what}: no probe in the summary`);
      return;
    }
    if (probe.seen !== truth) found.push(`${what}: the server counted ${truth}, the agent saw ${probe.seen}`);
    if (probe.exported !== truth) found.push(`${what}: exported ${probe.exported} of ${truth}`);
  };
  compare(
    'requests',
    agent.probes.find((probe) => probe.kind === 'http.server'),
    server.requests,
  );
  for (const name of functions) {
    compare(
      name,
      agent.probes.find((probe) => probe.functionName === name),
      server.functions[name] ?? 0,
    );
  }
  for (const probe of agent.probes) {
    for (const [reason, count] of Object.entries(probe.dropped)) {
      if (count !== 0) found.push(`${probe.functionName}: ${count} dropped, ${reason}`);
    }
    if (probe.enteredBeforeAttach !== 0) {
      found.push(`${probe.functionName}: ${probe.enteredBeforeAttach} ends without a beginning, which no call was`);
    }
    if (probe.stillRunning !== 0) found.push(`${probe.functionName}: ${probe.stillRunning} still running, though idle`);
  }
  if (!agent.balanced) found.push('the agent says itself that its numbers do not add up');
  return found;
}
