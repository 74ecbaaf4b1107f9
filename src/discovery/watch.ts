import type { TargetSelection } from '../config/config.ts';
import type { TargetProcess } from './process.ts';
import { type SeenProcess, scanProcesses } from './processes.ts';
import { selectTargets } from './target.ts';

/** How often /proc is read where nobody calls `rescan`: a few milliseconds of work for some hundred processes. */
const defaultIntervalMs = 1000;

/** Scans wait at least this long after the one before, however many events arrive. */
const minGapMs = 20;
/** And so many times as long as that one took: where processes come all the time, looking at them takes one part in 20. */
const gapOfScan = 20;

export interface WatchOptions {
  readonly selection: TargetSelection;
  readonly intervalMs?: number;
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
  /** Looks again soon: called when some process has called exec or ended. Cheap to call often. */
  rescan(): void;
}

/**
 * Follows the processes that a selection means. It resolves after the first look, when `onAppear` is done with
 * every target that is there already. The same pid with another start time, or after an exec, counts as another process.
 */
export async function watchTargets(options: WatchOptions): Promise<TargetWatch> {
  const { selection, onAppear, onVanish, onError, intervalMs = defaultIntervalMs } = options;
  let seen = new Map<number, SeenProcess>();
  const current = new Map<number, { readonly image: string; readonly target: TargetProcess }>();
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  let scanning = false;
  let again = false;
  let gapMs = minGapMs;
  let nextScanMs = 0;

  const scan = async () => {
    const startMs = performance.now();
    seen = await scanProcesses(seen);
    const endMs = performance.now();
    gapMs = Math.min(Math.max(minGapMs, gapOfScan * (endMs - startMs)), intervalMs);
    nextScanMs = endMs + gapMs;
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
    scanning = true;
    again = false;
    try {
      await scan();
    } catch (error) {
      onError(error);
    } finally {
      scanning = false;
      if (!ended) schedule(again ? gapMs : intervalMs);
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
    rescan() {
      if (ended || again) return;
      again = true;
      if (!scanning) schedule(Math.max(minGapMs, nextScanMs - performance.now()));
    },
    [Symbol.dispose]() {
      ended = true;
      clearTimeout(timer);
    },
  };
}
