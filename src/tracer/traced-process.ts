import type { Found, GoBinary } from '../binary/go-binary.ts';
import type { InstalledPlan } from '../bpf/install-plan.ts';
import type { KernelSide } from '../bpf/kernel-side.ts';
import type { OpenCalls } from '../bpf/open-calls.ts';
import type { TargetProcess } from '../discovery/process.ts';
import { executableIdentity, readProcess } from '../discovery/read-process.ts';
import type { ProbeMeaning } from '../event/call-decoder.ts';
import { addModule } from '../probe/add-module.ts';
import type { ProbePlan } from '../probe/probe-plan.ts';
import { attachPlan } from './attach-plan.ts';
import { type DecodeSettings, decodeContext } from './decode-context.ts';
import type { PlannedModule } from './loaded-modules.ts';
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
  /** Calls of these probes that begin from now on are not seen; those that have begun go on. */
  hush(probes: ReadonlySet<number>): void;
  /** Takes these probes out, and all others that are out in. @throws BpfError: all is as before */
  leaveOut(probes: ReadonlySet<number>): void;
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

/** A module with functions to trace. */
export interface OpenModule extends PlannedModule {
  readonly binary: GoBinary;
}

/**
 * Installs the plan and attaches it, after verifying that the process, its file and its code are what the plan was made of.
 * @throws TracerError, BpfError
 */
export function attachProcess(
  kernel: KernelSide,
  target: TargetProcess,
  binary: GoBinary,
  ownPlan: ProbePlan,
  options: AttachOptions & DecodeSettings & { readonly modules?: readonly OpenModule[] | undefined } = {},
): TracedProcess {
  const { beforeExecOf, modules = [] } = options;
  const isRunning = beforeExecOf === undefined;
  if (isRunning) verify(target, binary, ownPlan);
  const [first] = ownPlan.sites;
  const readBias = () => loadBias(target.pid, target.exeIdentity, binary, first?.vaddr ?? 0);
  const notes: string[] = [];
  const loaded = modules.flatMap((module) => {
    const { value: moduleBias, unavailable } = verifiedBias(target.pid, module);
    if (moduleBias === undefined) notes.push(`${module.path} is not traced: ${unavailable}`);
    return moduleBias === undefined ? [] : [{ ...module, bias: moduleBias }];
  });
  const joined = loaded.reduce((plan, { path, plan: added, bias: moduleBias }, number) => {
    const module = { path, plan: added, shiftBytes: moduleBias - readBias() };
    return addModule(plan, module, number, (name) => binary.runtimeTypeAddress(name));
  }, ownPlan);
  const plan = {
    ...joined,
    // What is common to all calls is of no use without any.
    sites: joined.probes.length > 0 ? joined.sites : [],
    report: { ...joined.report, notes: [...joined.report.notes, ...notes] },
  };
  const exePath = beforeExecOf ?? `/proc/${target.pid}/exe`;
  const pathOf = ({ module }: { readonly module?: number | undefined }) =>
    (module === undefined ? undefined : loaded[module]?.openPath) ?? exePath;
  const attached = attachPlan(kernel, target.pid, pathOf, plan, !isRunning);
  const { installed, attachment } = attached;
  const bias = createBias(readBias);
  // At once where it can be had: its last calls may be read when it has ended.
  if (isRunning) bias();
  const files = [{ binary, bias }, ...loaded.map((module) => ({ binary: module.binary, bias: () => module.bias }))];
  const context = decodeContext(files, attached.plan, options);
  return {
    target,
    binary,
    plan: attached.plan,
    slot: installed.processSlot,
    firstProbe: installed.firstProbe,
    meanings: attached.plan.probes.map((probe) => ({ probe, context, panicValue: attached.plan.panicValue })),
    started: () => void bias(),
    hush: (probes) => installed.sites.hushEntries(probes),
    leaveOut: attached.leaveOut,
    detach() {
      using _ = attachment;
      installed.silence();
    },
    forget: () => forget(kernel, installed),
  };
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

/** The module's load bias, if it is mapped and in memory what the file says. */
function verifiedBias(pid: number, { identity, binary, plan }: OpenModule): Found<number> {
  try {
    const bias = loadBias(pid, identity, binary, plan.sites[0]?.vaddr ?? 0);
    verifySites(pid, bias, binary, plan.sites);
    return { value: bias };
  } catch (error) {
    if (!(error instanceof TracerError)) throw error;
    return { unavailable: error.message };
  }
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
