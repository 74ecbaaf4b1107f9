import { readFileSync } from 'node:fs';
import { inInitialPidNamespace, procIsOurs } from '../../discovery/pid-namespace.ts';
import { effectiveCapabilities } from './capabilities.ts';
import type { Check, CheckResult } from './check.ts';

export const namespaceChecks: readonly Check[] = [
  { name: 'PID namespace', run: pidNamespace },
  {
    name: '/proc',
    run: () => proc(readFileSync('/proc/self/mounts', 'utf8'), readFileSync('/proc/self/status', 'utf8')),
  },
];

function pidNamespace(): CheckResult {
  const name = 'PID namespace';
  if (!procIsOurs()) {
    return {
      name,
      state: 'missing',
      detail: '/proc shows the processes of another PID namespace than our own',
      remedy: 'Mount /proc within the container (every container engine does so by itself).',
    };
  }
  const initial = inInitialPidNamespace();
  if (initial === undefined) return { name, state: 'unknown', detail: '/proc/self/ns/pid could not be read' };
  return {
    name,
    state: 'ok',
    detail: initial
      ? "the machine's own: every process is visible, so `sidespan run` asks which to trace"
      : "a container's own: `sidespan run` traces every Go process in it",
  };
}

/** Of the texts of /proc/self/mounts and /proc/self/status. */
export function proc(mounts: string, status: string): CheckResult {
  const name = '/proc';
  // The last mount on a folder is the one that is seen.
  const options = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .findLast(([, point, type]) => point === '/proc' && type === 'proc')?.[3];
  if (options === undefined) return { name, state: 'unknown', detail: 'no mount of /proc is listed' };
  const hidden = /(?:^|,)hidepid=([^,]+)/.exec(options)?.[1];
  if (hidden === undefined || hidden === '0' || hidden === 'off')
    return { name, state: 'ok', detail: 'shows all processes' };
  if (effectiveCapabilities(status)?.has('SYS_PTRACE')) {
    return { name, state: 'ok', detail: `hidepid=${hidden}, which CAP_SYS_PTRACE sees through` };
  }
  return {
    name,
    state: 'limited',
    detail: `hidepid=${hidden}: processes of other users can't be seen`,
    remedy: 'Grant CAP_SYS_PTRACE, or mount /proc without hidepid.',
  };
}
