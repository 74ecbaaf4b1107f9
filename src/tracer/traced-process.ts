import type { GoBinary } from '../binary/go-binary.ts';
import { type InstalledPlan, installPlan } from '../bpf/install-plan.ts';
import type { KernelSide } from '../bpf/kernel-side.ts';
import type { OpenCalls } from '../bpf/open-calls.ts';
import type { TargetProcess } from '../discovery/process.ts';
import { executableIdentity, readProcess } from '../discovery/read-process.ts';
import type { ProbeMeaning } from '../event/call-decoder.ts';
import type { DecodeContext } from '../event/decode-value.ts';
import { dynamicValueShape } from '../event/dynamic-value.ts';
import type { ProbePlan } from '../probe/probe-plan.ts';
import type { Redaction } from '../redaction/redaction.ts';
import { loadBias, verifySites } from './memory-map.ts';
import { TracerError } from './tracer-error.ts';

/** A process with its probes attached. */
export interface TracedProcess {
  readonly target: TargetProcess;
  readonly binary: GoBinary;
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
  const path = options.beforeExecOf ?? `/proc/${target.pid}/exe`;
  const installed = installPlan(kernel, plan);
  try {
    if (options.beforeExecOf === undefined) verify(target, binary, plan);
    const attachment = kernel.attach(target.pid, path, installed.sites);
    const bias = createBias(() => loadBias(target.pid, target.exeIdentity, binary, plan.sites[0]?.vaddr ?? 0));
    // At once where it can be had: its last calls may be read when it has ended.
    if (options.beforeExecOf === undefined) bias();
    return {
      target,
      binary,
      plan,
      slot: installed.processSlot,
      firstProbe: installed.firstProbe,
      meanings: meaningsOf(binary, plan, bias, options),
      started: () => void bias(),
      detach() {
        using _ = attachment;
        installed.silence();
      },
      forget: () => forget(kernel, installed),
    };
  } catch (error) {
    installed[Symbol.dispose]();
    throw error;
  }
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

function meaningsOf(binary: GoBinary, plan: ProbePlan, bias: Bias, { redaction }: DecodeSettings): ProbeMeaning[] {
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
    redaction,
    functionName(pc) {
      const known = bias();
      return known === undefined ? undefined : binary.functionAt(pc - known)?.name;
    },
  };
  return plan.probes.map((probe) => ({ probe, context }));
}
