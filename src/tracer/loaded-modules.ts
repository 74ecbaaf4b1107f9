import { loadedBuildmode } from '../binary/build-info.ts';
import { openGoBinary } from '../binary/open-go-binary.ts';
import { goLibrariesOf } from '../discovery/loaded-libraries.ts';
import type { TargetProcess } from '../discovery/process.ts';
import { fileIdentity } from '../discovery/read-process.ts';
import type { PlanOptions } from '../probe/plan-probes.ts';
import type { ProbePlan } from '../probe/probe-plan.ts';
import type { Planner } from './planner.ts';

/** A plugin that a process has loaded. */
export interface LoadedModule {
  /** As the process calls it. */
  readonly path: string;
  /** Where it can be opened from here, whatever the process's root is. */
  readonly openPath: string;
  /** device:inode */
  readonly identity: string;
}

/** A plugin with the plan of its probes. */
export interface PlannedModule extends LoadedModule {
  readonly plan: ProbePlan;
}

/** The plugins that a process has loaded by now. Libraries of -buildmode=c-shared have a run-time of their own: they are none. */
export function loadedModules({ pid, exePath }: TargetProcess): LoadedModule[] {
  return (goLibrariesOf(pid, exePath) ?? []).flatMap((path) => {
    const openPath = `/proc/${pid}/root${path}`;
    const identity = fileIdentity(openPath).value;
    return identity !== undefined && isPlugin(openPath) ? [{ path, openPath, identity }] : [];
  });
}

function isPlugin(path: string): boolean {
  try {
    using binary = openGoBinary(path);
    return loadedBuildmode(binary.buildInfo) === 'plugin';
  } catch {
    // Replaced since: it is not what the process runs.
    return false;
  }
}

/** Plans the functions of modules that match. Those without any are left out, those that can't be planned are told of. */
export async function planModules(
  modules: readonly LoadedModule[],
  hostPath: string,
  planner: Planner,
  options: PlanOptions,
): Promise<{ readonly planned: readonly PlannedModule[]; readonly problems: readonly string[] }> {
  const planned: PlannedModule[] = [];
  const problems: string[] = [];
  for (const module of modules) {
    const problem = (reason: string) => problems.push(`${module.path} is not traced: ${reason}`);
    try {
      // What presets are of, servers, is the executable's.
      const { value: plan, unavailable } = await planner.plan(module.openPath, { ...options, presets: [] }, hostPath);
      if (plan === undefined) problem(unavailable);
      else if (plan.probes.length + plan.report.untraceable.length > 0) planned.push({ ...module, plan });
    } catch (error) {
      problem(error instanceof Error ? error.message : String(error));
    }
  }
  return { planned, problems };
}
