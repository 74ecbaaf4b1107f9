import type { TargetSelection } from '../config/config.ts';
import type { TargetProcess } from './process.ts';
import { type SeenProcess, scanProcesses } from './processes.ts';
import { selectTargets } from './target.ts';

/** How often the targets are looked at, and where nobody tells of changes all of /proc: some milliseconds for a few hundred processes. */
const defaultIntervalMs = 1000;
/** Where changes are told, all of it so many times more rarely: what was told may have been lost. */
const wholeOfInterval = 10;

/** A look waits at least this long after the one before, however many changes are told. */
const minGapMs = 20;
/** And so many times as long as that one took: where processes come all the time, looking at them takes one part in 20. */
const gapOfLook = 20;

export interface WatchOptions {
  readonly selection: TargetSelection;
  readonly intervalMs?: number;
  /** `changed` will be called for every process that calls exec or ends. */
  readonly changesAreTold?: boolean;
  /**
   * A target is there: a new process, or one that has called exec (then `onVanish` came first). Nothing else is looked at
   * until it is done.
   */
  readonly onAppear: (target: TargetProcess) => void | Promise<void>;
  /** It ended, or it runs another program now. */
  readonly onVanish: (target: TargetProcess) => void;
  /** /proc itself can't be read; the watch goes on. */
  readonly onError: (error: unknown) => void;
}

/** A running watch; `using` or dispose ends it. */
export interface TargetWatch extends Disposable {
  /** The targets that are there now. */
  readonly targets: readonly TargetProcess[];
  /** This process has called exec or ended: it is looked at soon. Cheap to call often. */
  changed(pid: number): void;
}

/**
 * Follows the processes that a selection means. It resolves after the first look, when `onAppear` is done with
 * every target that is there already. The same pid with another start time, or after an exec, counts as another process.
 */
export async function watchTargets(options: WatchOptions): Promise<TargetWatch> {
  const { selection, onAppear, onVanish, onError, intervalMs = defaultIntervalMs } = options;
  const seen = new Map<number, SeenProcess>();
  const current = new Map<number, { readonly image: string; readonly target: TargetProcess }>();
  const changed = new Set<number>();
  let nextWholeMs = 0;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let soon = false;
  let gapMs = minGapMs;
  let nextLookMs = 0;

  /** What to look at now; undefined: all processes. Ports are opened without anybody telling. */
  const pidsToLookAt = (nowMs: number): Iterable<number> | undefined => {
    if (selection.pid !== undefined) return [selection.pid];
    const told = options.changesAreTold === true && selection.port === undefined;
    if (told && nowMs < nextWholeMs) return new Set([...changed, ...current.keys()]);
    nextWholeMs = nowMs + wholeOfInterval * intervalMs;
    return undefined;
  };
  const look = async () => {
    const startMs = performance.now();
    const pids = pidsToLookAt(startMs);
    changed.clear();
    soon = false;
    const found = await scanProcesses(seen, pids);
    for (const pid of pids ?? [...seen.keys()]) seen.delete(pid);
    for (const [pid, process] of found) seen.set(pid, process);
    const endMs = performance.now();
    gapMs = Math.min(Math.max(minGapMs, gapOfLook * (endMs - startMs)), intervalMs);
    nextLookMs = endMs + gapMs;
    if (ended) return;
    const processes = [...seen.values()].flatMap(({ go }) => go ?? []);
    for (const [pid, { image, target }] of [...current]) {
      if (seen.get(pid)?.image === image) continue;
      current.delete(pid);
      onVanish(target);
    }
    // A process that was selected stays so, even if it closes the port by which it was found.
    const candidates = processes.filter(({ pid }) => !current.has(pid));
    for (const target of selectTargets(selection, candidates)) {
      if (ended) return;
      current.set(target.pid, { image: seen.get(target.pid)!.image, target });
      await onAppear(target);
    }
  };
  const turn = async () => {
    looking = true;
    try {
      await look();
    } catch (error) {
      onError(error);
    } finally {
      looking = false;
      if (!ended) schedule(soon ? gapMs : intervalMs);
    }
  };
  const schedule = (delayMs: number) => {
    clearTimeout(timer);
    timer = setTimeout(turn, delayMs);
  };

  await turn();
  return {
    get targets() {
      return [...current.values()].map(({ target }) => target);
    },
    changed(pid) {
      if (ended || (selection.pid !== undefined && selection.pid !== pid)) return;
      changed.add(pid);
      if (soon) return;
      soon = true;
      if (!looking) schedule(Math.max(minGapMs, nextLookMs - performance.now()));
    },
    [Symbol.dispose]() {
      ended = true;
      clearTimeout(timer);
    },
  };
}
