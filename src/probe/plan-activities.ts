import { minorOfVersion } from '../binary/go-layout.ts';
import { preferredFunction } from './code/site-finder.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { measuredWaitReason } from './process-offsets.ts';
import { goroutineActivity, type SiteAction, siteAction } from './wire.ts';

/** How what a waiting goroutine waits for is told. */
export interface GoroutineActivities {
  /** Offset of runtime.g.waitreason; undefined: it is not told. */
  readonly waitReason?: number | undefined;
  /** goroutineActivity by runtime.waitReason. */
  readonly waits: readonly number[];
}

/** All changes of a goroutine's status pass through the first. From Go 1.26 on the others try to do without it. */
const statusSites: readonly { readonly name: string; readonly action: SiteAction; readonly since: number }[] = [
  { name: 'runtime.casgstatus', action: siteAction.status, since: 0 },
  { name: 'runtime.reentersyscall', action: siteAction.syscall, since: 26 },
  { name: 'runtime.exitsyscall', action: siteAction.syscallEnd, since: 26 },
];

/** `first`: the minor release of Go 1 from which on these are the numbers of waitReason in runtime/runtime2.go. */
interface WaitReasons {
  readonly first: number;
  readonly network: readonly number[];
  readonly sleep: readonly number[];
  /** chan receive, chan send, select; also on a nil channel, and in a synctest bubble. */
  readonly channel: readonly number[];
  /** semacquire, sync.Cond, sync.Mutex, sync.RWMutex, sync.WaitGroup. */
  readonly lock: readonly number[];
}

const waitReasons: readonly WaitReasons[] = [
  { first: 15, network: [2], sleep: [19], channel: [3, 4, 9, 10, 14, 15], lock: [18, 20] },
  { first: 20, network: [2], sleep: [19], channel: [3, 4, 9, 10, 14, 15], lock: [18, 20, 21, 22, 23] },
  { first: 24, network: [2], sleep: [19], channel: [3, 4, 9, 10, 14, 15, 41, 42, 43], lock: [18, 20, 21, 22, 23, 24] },
  {
    first: 25,
    network: [2],
    sleep: [20],
    channel: [3, 4, 9, 10, 14, 15, 42, 43, 44],
    lock: [19, 21, 22, 23, 24, 25, 45],
  },
  {
    first: 26,
    network: [2],
    sleep: [14],
    channel: [15, 16, 17, 18, 19, 20, 42, 43, 44],
    lock: [13, 21, 22, 23, 24, 25, 45],
  },
];
const newestKnown = 27;
/** WAIT_REASONS of bpf/event.h. */
const maxWaitReasons = 64;

/** Follows what goroutines do while calls run on them: two or three hits each time that one of the process waits. */
export function planActivities(builder: PlanBuilder): GoroutineActivities | undefined {
  if (builder.probes.length === 0) return undefined;
  const { binary, finder, notes } = builder;
  const minor = minorOfVersion(binary.buildInfo.goVersion);
  for (const { name, action, since } of statusSites) {
    if (since > 0 && (minor ?? newestKnown) < since) continue;
    const fn = preferredFunction(binary.functionsNamed(name));
    const sites = fn && finder.findEntry(fn);
    if (sites?.value === undefined) {
      notes.push(`${name} can't be probed (${sites?.unavailable ?? 'the program has none'}): ${what(action)}`);
      if (action === siteAction.status) return undefined;
    } else {
      builder.addEntry(fn!, sites.value, action);
    }
  }
  const reasons =
    minor === undefined || minor > newestKnown ? undefined : waitReasons.findLast((row) => row.first <= minor);
  const waitReason = measuredWaitReason(binary);
  if (reasons === undefined || waitReason === undefined) {
    notes.push('what its goroutines wait for is not known of this release of Go: it is told as one');
    return { waits: [] };
  }
  return { waitReason, waits: waitsBy(reasons) };
}

function what(action: SiteAction): string {
  return action === siteAction.status ? 'what goroutines do is not told' : 'system calls count as running';
}

function waitsBy({ network, sleep, channel, lock }: WaitReasons): number[] {
  const waits: number[] = new Array(maxWaitReasons).fill(goroutineActivity.waitsOther);
  const set = (reasons: readonly number[], activity: number) => {
    for (const reason of reasons) waits[reason] = activity;
  };
  set(network, goroutineActivity.waitsNetwork);
  set(sleep, goroutineActivity.waitsSleep);
  set(channel, goroutineActivity.waitsChannel);
  set(lock, goroutineActivity.waitsLock);
  return waits;
}
