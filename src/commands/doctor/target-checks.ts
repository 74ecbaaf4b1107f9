import type { GoBinary } from '../../binary/go-binary.ts';
import { minorOfVersion, newestKnownMinor } from '../../binary/go-layout.ts';
import { openGoBinary } from '../../binary/open-go-binary.ts';
import type { Config } from '../../config/config.ts';
import { goLibrariesOf } from '../../discovery/loaded-libraries.ts';
import type { TargetProcess } from '../../discovery/process.ts';
import { targetByPid } from '../../discovery/target.ts';
import { functionPattern } from '../../probe/pattern.ts';
import { planProbes } from '../../probe/plan-probes.ts';
import { allPresets } from '../../probe/preset/presets.ts';
import { loadedModules } from '../../tracer/loaded-modules.ts';
import type { Check, CheckResult } from './check.ts';

/** Functions that can't be traced and are named; more are counted. */
const maxNamed = 5;

/** What can be traced of one process: its binary is read and all probes are planned, none is attached. */
export function targetChecks(pid: number, config: Pick<Config, 'functions' | 'maxFunctions'>): readonly Check[] {
  return [{ name: 'process', decisive: true, run: () => targetResults(pid, config) }];
}

function targetResults(pid: number, config: Pick<Config, 'functions' | 'maxFunctions'>): CheckResult[] {
  const missing = (name: string, error: unknown): CheckResult => ({
    name,
    state: 'missing',
    detail: error instanceof Error ? error.message : String(error),
  });
  let target: TargetProcess;
  try {
    target = targetByPid(pid);
  } catch (error) {
    return [missing('process', error)];
  }
  const deleted = target.exeDeleted ? ', replaced or deleted on disk; what runs is traced all the same' : '';
  const found: CheckResult = { name: 'process', state: 'ok', detail: `${pid}, ${target.exePath}${deleted}` };
  try {
    using binary = openGoBinary(`/proc/${pid}/exe`);
    return [found, ...binaryResults(binary), ...libraryResults(target), ...planResults(binary, config)];
  } catch (error) {
    return [found, missing('binary', error)];
  }
}

function binaryResults(binary: GoBinary): CheckResult[] {
  const { goVersion, module, settings } = binary.buildInfo;
  const mode = binary.positionIndependent ? 'position-independent' : 'fixed address';
  const cgo = settings.get('CGO_ENABLED') === '1' ? ', cgo' : '';
  const name = module.path === '' ? '' : `, ${module.path} ${module.version}`.trimEnd();
  return [
    ...versionResults(goVersion),
    { name: 'binary', state: 'ok', detail: `${goVersion}, ${binary.arch}, ${mode}${cgo}${name}` },
    { name: 'functions', state: 'ok', detail: `${binary.functionCount}, with names and lines` },
    {
      name: 'symbols',
      state: 'ok',
      detail: binary.hasSymbols ? 'present' : "stripped; not needed: the names come from Go's own tables",
    },
    binary.hasDwarf
      ? { name: 'DWARF', state: 'ok', detail: 'present: arguments and results of your functions can be read' }
      : {
          name: 'DWARF',
          state: 'limited',
          detail: 'none: of arguments only the types that the program keeps for itself are known, else they are words',
          remedy: 'Write signatures in the patterns, or build without -ldflags=-w or -s and do not strip the binary.',
        },
  ];
}

/** A version that the layouts of the tables are not known of. */
function versionResults(goVersion: string): CheckResult[] {
  const minor = minorOfVersion(goVersion);
  const name = 'Go version';
  if (minor === undefined) {
    return [{ name, state: 'limited', detail: `${goVersion}: Go's tables are recognised by their form alone` }];
  }
  if (minor <= newestKnownMinor) return [];
  const detail = `${goVersion} is newer than Go 1.${newestKnownMinor}, the last one that this release was tested with`;
  const remedy = 'What the binary says of its own tables is used. Look for a newer release of Sidespan.';
  return [{ name, state: 'limited', detail, remedy }];
}

/** Plugins and other Go code beside the executable. */
function libraryResults(target: TargetProcess): CheckResult[] {
  const { pid, exePath } = target;
  const libraries = goLibrariesOf(pid, exePath);
  if (libraries === undefined) {
    return [{ name: 'plugins', state: 'unknown', detail: `not looked for: /proc/${pid}/maps can't be read` }];
  }
  const plugins = new Set(loadedModules(target).map(({ path }) => path));
  const others = libraries.filter((path) => !plugins.has(path));
  const results: CheckResult[] = [];
  if (plugins.size > 0) {
    results.push({ name: 'plugins', state: 'ok', detail: `${named([...plugins])}: their functions can be traced` });
  }
  if (others.length > 0) {
    const detail = `${named(others)}: Go code with a run-time of its own is not traced, only the executable's and plugins'`;
    results.push({ name: 'libraries', state: 'limited', detail });
  }
  return results;
}

function named(paths: readonly string[]): string {
  return paths.slice(0, maxNamed).join(', ') + (paths.length > maxNamed ? ', …' : '');
}

function planResults(
  binary: GoBinary,
  { functions, maxFunctions }: Pick<Config, 'functions' | 'maxFunctions'>,
): CheckResult[] {
  const plan = planProbes(binary, { patterns: functions.map(functionPattern), presets: allPresets, maxFunctions });
  if (plan.value === undefined) return [{ name: 'tracing', state: 'missing', detail: plan.unavailable }];
  const { report } = plan.value;
  // A program without gRPC lacks nothing; one that has it in a form that isn't known does.
  const absent = report.presets.filter(({ isAbsent }) => isAbsent).map(({ name }) => name);
  const present = report.presets.filter(({ isAbsent }) => !isAbsent);
  const presets = present.map(({ name, unavailable, missing }): CheckResult => {
    if (unavailable !== undefined) return { name, state: 'limited', detail: `can't be traced: ${unavailable}` };
    if (missing.length > 0) return { name, state: 'limited', detail: `can be traced, without ${missing.join('; ')}` };
    return { name, state: 'ok', detail: 'can be traced' };
  });
  const results = [
    ...presets,
    ...(absent.length > 0
      ? [{ name: 'nothing to trace', state: 'ok', detail: `the program has no ${absent.join(', ')}` } as const]
      : []),
    ...report.notes.map((note): CheckResult => ({ name: 'runtime', state: 'limited', detail: note })),
  ];
  if (functions.length > 0) results.push(...functionResults(report));
  if (report.presets.every(({ unavailable }) => unavailable !== undefined) && functions.length === 0) {
    results.push({
      name: 'what to trace',
      state: 'limited',
      detail: 'no server that Sidespan knows by itself',
      remedy: `Name functions in SIDESPAN_FUNCTIONS; \`sidespan functions --pid N 'main.*'\` lists them.`,
    });
  }
  return results;
}

function functionResults(report: {
  readonly untraceable: readonly { readonly functionName: string; readonly reason: string }[];
  readonly unmatched: readonly { readonly pattern: string; readonly nearest: readonly string[] }[];
  readonly matched: number;
  readonly taken: number;
}): CheckResult[] {
  const name = 'SIDESPAN_FUNCTIONS';
  const results: CheckResult[] = [];
  if (report.taken < report.matched) {
    const remedy = 'Narrow the patterns, or raise SIDESPAN_MAX_FUNCTIONS.';
    results.push({
      name,
      state: 'limited',
      detail: `${report.matched} match, more than the limit of ${report.taken}`,
      remedy,
    });
  } else {
    results.push({ name, state: 'ok', detail: `${report.matched} match` });
  }
  for (const { functionName, reason } of report.untraceable.slice(0, maxNamed)) {
    results.push({ name, state: 'limited', detail: `${functionName} can't be traced: ${reason}` });
  }
  const more = report.untraceable.length - maxNamed;
  if (more > 0)
    results.push({
      name,
      state: 'limited',
      detail: `${more} more can't be traced`,
      remedy: '`sidespan functions` says why.',
    });
  for (const { pattern, nearest } of report.unmatched) {
    const remedy = nearest.length > 0 ? `Nearest: ${nearest.join(', ')}.` : undefined;
    results.push({ name, state: 'limited', detail: `${pattern} matches nothing`, remedy });
  }
  return results;
}
