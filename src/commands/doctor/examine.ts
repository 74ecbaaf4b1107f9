import type { Config } from '../../config/config.ts';
import { writtenHeaders } from '../../probe/outgoing/written-headers.ts';
import { type BpfFindings, bpfChecks } from './bpf-checks.ts';
import { type Check, type CheckResult, runCheck } from './check.ts';
import { kernelChecks } from './kernel-checks.ts';
import { memoryChecks } from './memory-checks.ts';
import { namespaceChecks } from './namespace-checks.ts';
import { rightsChecks } from './rights-checks.ts';

export interface CheckGroup {
  readonly group: string;
  readonly results: readonly CheckResult[];
}

/** Runs all checks, in the order in which they are shown. @param pid the process to look at as well */
export async function examine(config: Config, pid: number | undefined): Promise<CheckGroup[]> {
  const headers = config.writesHeaders ? writtenHeaders(config.propagators) : undefined;
  const findings: BpfFindings = { uprobeMulti: undefined };
  const groups: (readonly [group: string, checks: () => readonly Check[]])[] = [
    ['Kernel', () => [...kernelChecks, ...bpfChecks(config.libbpf, findings, headers)]],
    ['Rights', () => rightsChecks(findings.uprobeMulti)],
    ['Limits', () => memoryChecks(config.ringBytes)],
    ['Processes', () => namespaceChecks],
  ];
  if (pid !== undefined) {
    const { targetChecks } = await import('./target-checks.ts');
    groups.push([`Process ${pid}`, () => targetChecks(pid, config)]);
  }
  const done: CheckGroup[] = [];
  // One after the other: what the kernel's attempts show decides which rights are needed.
  for (const [group, checks] of groups) {
    const results: CheckResult[] = [];
    for (const check of checks()) results.push(...(await runCheck(check)));
    done.push({ group, results });
  }
  return done;
}
