import { readFileSync } from 'node:fs';
import { type Capability, effectiveCapabilities, isInitialUserNamespace } from './capabilities.ts';
import type { Check, CheckResult } from './check.ts';

const grant = (names: string) =>
  `Run as root, or grant it: docker run --cap-add ${names}, in Kubernetes securityContext.capabilities.add.`;

/**
 * Which capabilities there are and what each is needed for.
 * @param uprobeMulti whether the kernel was seen to have uprobe_multi links: without them SYS_ADMIN is needed; undefined: unknown
 */
export function rightsChecks(uprobeMulti: boolean | undefined): readonly Check[] {
  return [
    {
      name: 'capabilities',
      decisive: true,
      run: () => capabilityResults(readFileSync('/proc/self/status', 'utf8'), uprobeMulti),
    },
    { name: 'user namespace', run: () => userNamespace(readFileSync('/proc/self/uid_map', 'utf8')) },
    { name: 'unprivileged BPF', run: unprivilegedBpf },
    { name: 'perf_event_paranoid', run: perfEventParanoid },
    { name: 'lockdown', run: lockdown },
  ];
}

/** Of the text of /proc/self/status. */
export function capabilityResults(status: string, uprobeMulti: boolean | undefined): CheckResult[] {
  const has = effectiveCapabilities(status);
  if (has === undefined) {
    return [{ name: 'capabilities', state: 'unknown', detail: '/proc/self/status names no effective set' }];
  }
  const admin = has.has('SYS_ADMIN');
  const either = (name: Capability, purpose: string): CheckResult => {
    if (has.has(name)) return { name: `CAP_${name}`, state: 'ok', detail: purpose };
    if (admin) return { name: `CAP_${name}`, state: 'ok', detail: `${purpose}; CAP_SYS_ADMIN stands in` };
    return { name: `CAP_${name}`, state: 'missing', detail: purpose, remedy: grant(name) };
  };
  const ptrace = 'to look at processes of other users and containers (/proc/PID/exe)';
  const adminNeed = 'for probes by perf events, where the kernel has no uprobe_multi';
  return [
    either('BPF', 'to load BPF programs'),
    either('PERFMON', 'to let them read memory and attach to functions'),
    has.has('SYS_PTRACE')
      ? { name: 'CAP_SYS_PTRACE', state: 'ok', detail: ptrace }
      : {
          name: 'CAP_SYS_PTRACE',
          state: 'limited',
          detail: `missing; ${ptrace}. Only processes of the same user and with no more rights can be traced`,
          remedy: grant('SYS_PTRACE'),
        },
    admin || uprobeMulti === true
      ? {
          name: 'CAP_SYS_ADMIN',
          state: 'ok',
          detail: admin ? adminNeed : `not there, and not needed: only ${adminNeed}`,
        }
      : {
          name: 'CAP_SYS_ADMIN',
          state: uprobeMulti === undefined ? 'unknown' : 'missing',
          detail: adminNeed,
          remedy: grant('SYS_ADMIN'),
        },
  ];
}

/** Of the text of /proc/self/uid_map. */
function userNamespace(uidMap: string): CheckResult {
  const name = 'user namespace';
  if (isInitialUserNamespace(uidMap)) return { name, state: 'ok', detail: "the machine's own" };
  return {
    name,
    state: 'missing',
    detail: 'one of its own: capabilities within it do not count for BPF',
    remedy: 'Run the container without a user namespace (not rootless; docker run --userns=host).',
  };
}

function unprivilegedBpf(): CheckResult {
  const name = 'unprivileged_bpf_disabled';
  const value = sysctl('kernel/unprivileged_bpf_disabled');
  if (value === undefined) return { name, state: 'ok', detail: 'the kernel has no such setting' };
  return { name, state: 'ok', detail: `${value}; of no importance with CAP_BPF` };
}

function perfEventParanoid(): CheckResult {
  const name = 'perf_event_paranoid';
  const value = sysctl('kernel/perf_event_paranoid');
  if (value === undefined) {
    return {
      name,
      state: 'missing',
      detail: 'the kernel has no performance events (CONFIG_PERF_EVENTS), which uprobes are part of',
      remedy: "Use a distribution's kernel.",
    };
  }
  return { name, state: 'ok', detail: `${value}; of no importance with CAP_PERFMON` };
}

function lockdown(): CheckResult {
  const name = 'lockdown';
  let text: string;
  try {
    text = readFileSync('/sys/kernel/security/lockdown', 'utf8');
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return {
      name,
      state: 'unknown',
      detail: absent ? 'not to be seen: securityfs is not mounted, or the kernel has no lockdown' : String(error),
      remedy:
        'To see it: mount -t securityfs securityfs /sys/kernel/security. What it forbids shows in the attempts above.',
    };
  }
  return lockdownResult(text);
}

/** Of the text of /sys/kernel/security/lockdown: `none [integrity] confidentiality`. */
export function lockdownResult(text: string): CheckResult {
  const name = 'lockdown';
  const mode = /\[(\w+)\]/.exec(text)?.[1];
  if (mode === 'none') return { name, state: 'ok', detail: 'none' };
  if (mode === 'integrity') {
    return {
      name,
      state: 'ok',
      detail: 'integrity: BPF may read, not write; Sidespan writes only with SIDESPAN_PROPAGATION=write',
    };
  }
  if (mode === 'confidentiality') {
    return {
      name,
      state: 'missing',
      detail: 'confidentiality: BPF may not read memory',
      remedy: 'Boot with lockdown=integrity, or without lockdown.',
    };
  }
  return { name, state: 'unknown', detail: `${JSON.stringify(text.trim())} names no mode` };
}

function sysctl(path: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${path}`, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
