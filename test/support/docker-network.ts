/**
 * What a Docker engine changes in the machine's network and leaves when it ends: its bridge, its firewall chains, the
 * policy of the FORWARD chain and the forwarding switch.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What dockerd changes on the machine beside its own bridge and chains. */
export interface NetworkState {
  readonly forwarding: string;
  readonly forwardPolicy: string;
}

const forwardingSwitch = '/proc/sys/net/ipv4/ip_forward';

/** Taken before an engine starts. */
export async function networkState(): Promise<NetworkState> {
  const { stdout: forward } = await run('iptables', ['--wait', '-S', 'FORWARD']);
  return {
    forwarding: (await readFile(forwardingSwitch, 'utf8')).trim(),
    // With an engine's chains but no engine, one was killed: the policy is its own, not the machine's.
    forwardPolicy: forward.includes('-j DOCKER') ? 'ACCEPT' : (/^-P FORWARD (\w+)/m.exec(forward)?.[1] ?? 'ACCEPT'),
  };
}

/** Takes out what an engine that has ended left behind, unless another one runs: its chains have the same names. */
export async function restoreNetwork(before: NetworkState): Promise<void> {
  if (await anEngineRuns()) return;
  for (const table of ['nat', 'filter']) {
    const { stdout } = await run('iptables', ['--wait', '-t', table, '-S']);
    const rules = stdout.split('\n').map((line) => line.split(' '));
    const ours = (rule: readonly string[]): boolean =>
      rule.some((word) => /^(DOCKER|docker0$|br-[0-9a-f]{12}$)/.test(word));
    for (const rule of rules.filter((words) => words[0] === '-A' && ours(words))) {
      await run('iptables', ['--wait', '-t', table, '-D', ...rule.slice(1)]);
    }
    for (const rule of rules.filter((words) => words[0] === '-N' && ours(words))) {
      await run('iptables', ['--wait', '-t', table, '-X', rule[1] ?? '']);
    }
    // The rule for addresses of docker0 names it by its network only.
    for (const rule of rules.filter((words) => words.join(' ').includes('-A POSTROUTING -s 172.17.0.0/16'))) {
      await run('iptables', ['--wait', '-t', table, '-D', ...rule.slice(1)]).catch(() => {});
    }
  }
  await run('iptables', ['--wait', '-P', 'FORWARD', before.forwardPolicy]);
  await run('ip', ['link', 'del', 'docker0']).catch(() => {});
  await writeFile(forwardingSwitch, before.forwarding);
}

async function anEngineRuns(): Promise<boolean> {
  for (const entry of await readdir('/proc')) {
    const name = /^\d+$/.test(entry) ? await readFile(`/proc/${entry}/comm`, 'utf8').catch(() => '') : '';
    if (name.trim() === 'dockerd') return true;
  }
  return false;
}
