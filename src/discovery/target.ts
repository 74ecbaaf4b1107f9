import type { TargetSelection } from '../config/config.ts';
import { executablePattern } from './executable-pattern.ts';
import { goExecutable } from './go-executable.ts';
import { listenersOn } from './listening-port.ts';
import { goLibrariesOf } from './loaded-libraries.ts';
import { inInitialPidNamespace } from './pid-namespace.ts';
import type { ProcAbsence } from './proc-file.ts';
import type { TargetProcess } from './process.ts';
import { isDescendant } from './processes.ts';
import { readProcess } from './read-process.ts';
import { TargetError, type TargetRefusal } from './target-error.ts';

/**
 * What a selection comes to here. With nothing given, a container's own PID namespace means every Go process in it; the
 * host's means that the user has to choose, and so does a namespace that can't be determined.
 */
export function selectionFor(given: TargetSelection): TargetSelection | 'ask' {
  if (given.pid !== undefined || given.exe !== undefined || given.port !== undefined) return given;
  return inInitialPidNamespace() === false ? { exe: '*' } : 'ask';
}

/**
 * Of the Go processes those that the selection means. Sidespan itself and what it started are never meant, unless by
 * their number.
 */
export function selectTargets(selection: TargetSelection, goProcesses: readonly TargetProcess[]): TargetProcess[] {
  const { pid, exe, port } = selection;
  const matches = exe === undefined ? undefined : executablePattern(exe);
  const selected = goProcesses.filter(
    (candidate) =>
      (pid === undefined ? !isDescendant(candidate.pid, process.pid) : candidate.pid === pid) &&
      (matches === undefined || matches(candidate.exePath)),
  );
  if (port === undefined || selected.length === 0) return selected;
  const listeners = new Set(
    listenersOn(
      port,
      selected.map((candidate) => candidate.pid),
    ),
  );
  return selected.filter((candidate) => listeners.has(candidate.pid));
}

/**
 * The Go process with this number.
 * @throws TargetError that says why there is none.
 */
export function targetByPid(pid: number): TargetProcess {
  if (pid === process.pid) throw new TargetError(pid, 'itself', `Process ${pid} is Sidespan itself.`);
  const found = readProcess(pid);
  if (found.value === undefined) throw refused(pid, found.absence);
  const go = goExecutable(`/proc/${pid}/exe`);
  if (go.kind === 'go') return found.value;
  if (go.kind === 'unknown') throw refused(pid, go.reason === 'no permission' ? 'no permission' : 'gone');
  const [library] = goLibrariesOf(pid, found.value.exePath) ?? [];
  const loaded =
    library === undefined ? '' : ` It has loaded ${library}, which is Go code: only Go programs are traced.`;
  throw new TargetError(
    pid,
    'not go',
    `Process ${pid} (${found.value.exePath}) is not a Go program: ${go.reason}.${loaded} \`sidespan run\` on a host lists the Go processes.`,
  );
}

function refused(pid: number, absence: ProcAbsence): TargetError {
  const { refusal, message } = refusals[absence];
  return new TargetError(pid, refusal, message(pid));
}

const refusals: Readonly<Record<ProcAbsence, { refusal: TargetRefusal; message: (pid: number) => string }>> = {
  gone: {
    refusal: 'absent',
    message: (pid) =>
      `There is no process ${pid} here. Is it the number from another PID namespace, such as the host's? \`sidespan run\` lists the Go processes that it can see.`,
  },
  zombie: {
    refusal: 'ended',
    message: (pid) => `Process ${pid} has ended; only its entry is left until its parent collects it.`,
  },
  'kernel thread': {
    refusal: 'kernel thread',
    message: (pid) => `Process ${pid} is a thread of the kernel, not a Go program.`,
  },
  'no permission': {
    refusal: 'no permission',
    message: (pid) =>
      `No permission to look at process ${pid}. Run as root, or with CAP_SYS_PTRACE; \`sidespan doctor\` shows what else is needed.`,
  },
  unreadable: {
    refusal: 'no permission',
    message: (pid) => `/proc/${pid} can't be read. \`sidespan doctor\` may say why.`,
  },
};
