import { parseKeyValues } from '../config/key-values.ts';
import { type ProcResult, readProcText } from './proc-file.ts';
import { readProcessMemory } from './process-memory.ts';
import { readProcessStat } from './process-stat.ts';
import { splitNul } from './read-process.ts';

/** What a process's own environment says about its telemetry. */
export interface TargetEnvironment {
  /** OTEL_SERVICE_NAME, else service.name of OTEL_RESOURCE_ATTRIBUTES. */
  readonly serviceName?: string | undefined;
  /** OTEL_RESOURCE_ATTRIBUTES without service.name; empty also if the variable is malformed. */
  readonly resourceAttributes: ReadonlyMap<string, string>;
  /** All OTEL_* variables that aren't empty. */
  readonly variables: ReadonlyMap<string, string>;
}

/** Kernels allow 6 MB of environment; real ones have a few KB. */
const maxEnvironmentBytes = 1024 * 1024;

/** Reads the OTEL_* variables with which a process was started. Others, which may be secrets, are not kept. */
export function targetEnvironment(pid: number): ProcResult<TargetEnvironment> {
  const file = readProcText(`/proc/${pid}/environ`, maxEnvironmentBytes);
  // Its mode is 0400: a sidecar's root without CAP_DAC_OVERRIDE can't open another user's, but may read the memory.
  const text = file.absence === 'no permission' ? environmentInMemory(pid) : file;
  return text.value === undefined ? text : { value: parseTargetEnvironment(text.value) };
}

function environmentInMemory(pid: number): ProcResult<string> {
  const stat = readProcessStat(pid);
  if (stat.value === undefined) return stat;
  const { start, end } = stat.value.environment;
  if (!(start > 0 && end >= start)) return { absence: 'no permission' };
  const bytes = readProcessMemory(pid, BigInt(start), Math.min(end - start, maxEnvironmentBytes));
  return bytes.value === undefined ? bytes : { value: bytes.value.toString() };
}

/** Of the text of /proc/PID/environ: NAME=value texts that end in NUL bytes. */
export function parseTargetEnvironment(text: string): TargetEnvironment {
  const variables = new Map<string, string>();
  for (const entry of splitNul(text)) {
    const equals = entry.indexOf('=');
    const [name, value] = [entry.slice(0, equals), entry.slice(equals + 1).trim()];
    // The first of two wins, as in getenv(3).
    if (equals > 0 && name.startsWith('OTEL_') && value !== '' && !variables.has(name)) variables.set(name, value);
  }
  const attributes = new Map(parseKeyValues(variables.get('OTEL_RESOURCE_ATTRIBUTES') ?? '') ?? []);
  const serviceName = variables.get('OTEL_SERVICE_NAME') ?? attributes.get('service.name');
  attributes.delete('service.name');
  return { serviceName, resourceAttributes: attributes, variables };
}
