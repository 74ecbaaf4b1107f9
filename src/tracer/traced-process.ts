import type { GoBinary } from '../binary/go-binary.ts';
import { errnoName } from '../bpf/bpf-error.ts';
import { type InstalledPlan, installPlan } from '../bpf/install-plan.ts';
import type { KernelSide } from '../bpf/kernel-side.ts';
import type { OpenCalls } from '../bpf/open-calls.ts';
import { mayBeRefusal, type RefusedSite } from '../bpf/refused-sites.ts';
import type { TargetProcess } from '../discovery/process.ts';
import { executableIdentity, readProcess } from '../discovery/read-process.ts';
import type { ProbeMeaning } from '../event/call-decoder.ts';
import { createConcreteValues } from '../event/concrete-value.ts';
import type { DecodeContext } from '../event/decode-value.ts';
import { dynamicValueShape } from '../event/dynamic-value.ts';
import type { TextCache } from '../event/text-cache.ts';
import type { ProbePlan } from '../probe/probe-plan.ts';
import { withoutRefused } from '../probe/without-refused.ts';
import type { Redaction } from '../redaction/redaction.ts';
import { loadBias, verifySites } from './memory-map.ts';
import { TracerError } from './tracer-error.ts';

/** A process with its probes attached. */
export interface TracedProcess {
  readonly target: TargetProcess;
  readonly binary: GoBinary;
  /** Without what the kernel refused. */
  readonly plan: ProbePlan;
  readonly slot: number;
  /** Probe n of the plan is firstProbe + n in the BPF tables and in calls. */
  readonly firstProbe: number;
  /** By the plan's probes. */
  readonly meanings: readonly ProbeMeaning[];
  /** It has called exec: reads what decoding needs of it, while it runs. */
  started(): void;
  /** Takes the probes out; the tables stay, for what is still in the ring. */
  detach(): void;
  /** After `detach` and a last look at the ring: forgets the process; tells which of its calls still ran. */
  forget(): OpenCalls;
}

export interface AttachOptions {
  /**
   * The process is held before its exec of this file: neither is the executable its own yet, nor is there code to verify.
   */
  readonly beforeExecOf?: string | undefined;
}

/** What is decided for all processes. */
export interface DecodeSettings {
  /** Undefined: nothing is hidden. */
  readonly redaction?: Redaction | undefined;
  readonly texts?: TextCache | undefined;
}

/**
 * Installs the plan and attaches it, after verifying that the process, its file and its code are what the plan was made of.
 * @throws TracerError, BpfError
 */
export function attachProcess(
  kernel: KernelSide,
  target: TargetProcess,
  binary: GoBinary,
  plan: ProbePlan,
  options: AttachOptions & DecodeSettings = {},
): TracedProcess {
  const isRunning = options.beforeExecOf === undefined;
  if (isRunning) verify(target, binary, plan);
  const attached = attachPlan(kernel, target.pid, options.beforeExecOf ?? `/proc/${target.pid}/exe`, plan, !isRunning);
  const { installed, attachment } = attached;
  const [first] = attached.plan.sites;
  const bias = createBias(() => loadBias(target.pid, target.exeIdentity, binary, first?.vaddr ?? 0));
  // At once where it can be had: its last calls may be read when it has ended.
  if (isRunning) bias();
  return {
    target,
    binary,
    plan: attached.plan,
    slot: installed.processSlot,
    firstProbe: installed.firstProbe,
    meanings: meaningsOf(binary, attached.plan, bias, options),
    started: () => void bias(),
    detach() {
      using _ = attachment;
      installed.silence();
    },
    forget: () => forget(kernel, installed),
  };
}

interface AttachedPlan {
  readonly plan: ProbePlan;
  readonly installed: InstalledPlan;
  readonly attachment: Disposable;
}

/**
 * Attaches what the kernel allows of a plan.
 * @param search for sites that it refuses, first; else they are looked for when it refuses to attach. Of a file that no
 * process has mapped it refuses nothing, and attaches to less later.
 */
function attachPlan(kernel: KernelSide, pid: number, path: string, plan: ProbePlan, search: boolean): AttachedPlan {
  const installed = installPlan(kernel, plan);
  let refused: RefusedSite[] = [];
  try {
    if (search) refused = kernel.refusedSites(path, installed.unsureSites);
    if (refused.length === 0) return { plan, installed, attachment: kernel.attach(pid, path, installed.sites) };
  } catch (error) {
    installed[Symbol.dispose]();
    if (search || !mayBeRefusal(error)) throw error;
    return attachPlan(kernel, pid, path, plan, true);
  }
  installed[Symbol.dispose]();
  const known = refused.map(({ site, errno, among }) => ({
    site: site.cookie - installed.firstSite,
    answer: among === 1 ? errnoName(errno) : `${errnoName(errno)}, or at one of ${among - 1} others`,
  }));
  return attachPlan(kernel, pid, path, withoutRefused(plan, known), false);
}

function forget(kernel: KernelSide, installed: InstalledPlan): OpenCalls {
  const open = kernel.openCalls(installed.processSlot, { forget: true });
  installed[Symbol.dispose]();
  return open;
}

function verify(target: TargetProcess, binary: GoBinary, plan: ProbePlan): void {
  const { pid } = target;
  const now = readProcess(pid).value;
  if (now === undefined || now.startTicks !== target.startTicks) {
    throw new TracerError(pid, 'it has ended', 'Sidespan goes on with the next process that matches.');
  }
  if (executableIdentity(pid).value !== target.exeIdentity) {
    throw new TracerError(pid, 'it runs another program by now', 'Sidespan looks at that one next.');
  }
  const first = plan.sites[0];
  if (first === undefined) return;
  verifySites(pid, loadBias(pid, target.exeIdentity, binary, first.vaddr), binary, plan.sites);
}

type Bias = () => number | undefined;

/** The load bias, read when it is first asked for and the process runs; undefined: it ended before. */
function createBias(read: () => number): Bias {
  let bias: number | undefined;
  return () => {
    try {
      bias ??= read();
    } catch {
      // not mapped yet, or ended: the reader shows addresses
    }
    return bias;
  };
}

function meaningsOf(
  binary: GoBinary,
  plan: ProbePlan,
  bias: Bias,
  { redaction, texts }: DecodeSettings,
): ProbeMeaning[] {
  const dynamicTypes = plan.dynamicTypes.map(dynamicValueShape);
  const typeNames = new Map<number, string | undefined>();
  const context: DecodeContext = {
    dynamicType: (id) => dynamicTypes[id],
    typeName(typeVaddr) {
      if (!typeNames.has(typeVaddr)) typeNames.set(typeVaddr, binary.runtimeTypeAt(typeVaddr).value?.name);
      return typeNames.get(typeVaddr);
    },
    runningTypeName(address) {
      const known = bias();
      return known === undefined ? undefined : context.typeName(address - known);
    },
    constantBytes(address, sizeBytes) {
      const known = bias();
      if (known === undefined || !binary.isReadOnly(address - known, sizeBytes)) return undefined;
      return binary.read(address - known, sizeBytes);
    },
    concrete: createConcreteValues((address, word) => {
      const known = bias();
      return known === undefined ? undefined : binary.dictionaryType(address - known, word).value;
    }, redaction),
    redaction,
    texts,
    functionName(pc) {
      const known = bias();
      return known === undefined ? undefined : binary.functionAt(pc - known)?.name;
    },
  };
  return plan.probes.map((probe) => ({ probe, context }));
}
