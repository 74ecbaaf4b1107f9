import { createHash } from 'node:crypto';
import type { Attributes } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { BuildInfo } from '../binary/go-binary.ts';
import { parseKeyValues } from '../config/key-values.ts';
import { ATTR, SCHEMA_URL, UNSTABLE_ATTR } from './semconv.ts';
import { nameOfProgram, versionOfProgram } from './service-name.ts';

/** What was found out about a traced process. What could not be found is left out. */
export interface ProcessFacts {
  readonly pid: number;
  /** Clock ticks since boot: tells apart two processes that had the same pid. */
  readonly startTicks: number;
  readonly exePath: string;
  readonly build?: BuildInfo | undefined;
  /** Of its own environment (/proc/PID/environ). */
  readonly environment?: ReadonlyMap<string, string> | undefined;
  readonly containerId?: string | undefined;
  readonly hostName?: string | undefined;
  /** Only where the user asked for it: arguments may hold secrets. */
  readonly commandLine?: readonly string[] | undefined;
}

/** What the agent says about itself and was told. */
export interface AgentFacts {
  readonly version: string;
  /** OTEL_SERVICE_NAME, or service.name of OTEL_RESOURCE_ATTRIBUTES, where a single process is traced. */
  readonly serviceName?: string | undefined;
  /** OTEL_RESOURCE_ATTRIBUTES of the agent: for every process. */
  readonly resourceAttributes?: ReadonlyMap<string, string> | undefined;
}

/** Describe one process; set for the agent they would make all processes one. */
const OF_ONE_PROCESS: ReadonlySet<string> = new Set([ATTR.SERVICE_NAME, ATTR.SERVICE_INSTANCE_ID]);

/**
 * The resource of a traced process. What users set wins over what was found, the agent's settings over the process's
 * own; `service.name`: agent (if given), process's OTEL_SERVICE_NAME, its OTEL_RESOURCE_ATTRIBUTES, its program.
 */
export function processResource(process: ProcessFacts, agent: AgentFacts): Resource {
  const own = ownAttributes(process.environment?.get('OTEL_RESOURCE_ATTRIBUTES') ?? '');
  const attributes = found(process);
  for (const [key, value] of own) if (value !== '') attributes[key] = value;
  for (const [key, value] of agent.resourceAttributes ?? []) if (!OF_ONE_PROCESS.has(key)) attributes[key] = value;
  const serviceName = agent.serviceName || process.environment?.get('OTEL_SERVICE_NAME');
  if (serviceName) attributes[ATTR.SERVICE_NAME] = serviceName;
  Object.assign(attributes, distribution(agent));
  return plainResource(attributes);
}

/** The resource of the agent's own metrics. */
export function agentResource(agent: AgentFacts, pid: number, hostName: string): Resource {
  return plainResource({
    [ATTR.SERVICE_NAME]: 'sidespan',
    [ATTR.SERVICE_VERSION]: agent.version,
    [ATTR.SERVICE_INSTANCE_ID]: nameBasedUuid(`sidespan ${hostName} ${pid}`),
    [UNSTABLE_ATTR.PROCESS_PID]: pid,
    [UNSTABLE_ATTR.HOST_NAME]: hostName,
    ...Object.fromEntries([...(agent.resourceAttributes ?? [])].filter(([key]) => !OF_ONE_PROCESS.has(key))),
    ...distribution(agent),
    [ATTR.TELEMETRY_SDK_LANGUAGE]: 'nodejs',
  });
}

/** A process can't have a longer environment variable than this (MAX_ARG_STRLEN, execve(2)). */
const maxAttributesLength = 128 * 1024;

/** A part that breaks the rule makes the specification drop the whole value. */
function ownAttributes(text: string): ReadonlyMap<string, string> {
  return (text.length > maxAttributesLength ? undefined : parseKeyValues(text)) ?? new Map();
}

function found(process: ProcessFacts): Attributes {
  const { pid, exePath, build, commandLine, containerId, hostName } = process;
  const version = versionOfProgram(build);
  const place = containerId ?? hostName ?? '';
  return {
    [ATTR.SERVICE_NAME]: nameOfProgram(build, exePath),
    ...(version !== undefined && { [ATTR.SERVICE_VERSION]: version }),
    [ATTR.SERVICE_INSTANCE_ID]: nameBasedUuid(`${place} ${pid} ${process.startTicks}`),
    [UNSTABLE_ATTR.PROCESS_PID]: pid,
    [UNSTABLE_ATTR.PROCESS_EXECUTABLE_NAME]: exePath.slice(exePath.lastIndexOf('/') + 1),
    [UNSTABLE_ATTR.PROCESS_EXECUTABLE_PATH]: exePath,
    ...(commandLine !== undefined && { [UNSTABLE_ATTR.PROCESS_COMMAND_ARGS]: [...commandLine] }),
    [UNSTABLE_ATTR.PROCESS_RUNTIME_NAME]: 'go',
    ...(build !== undefined &&
      build.goVersion !== 'unknown' && { [UNSTABLE_ATTR.PROCESS_RUNTIME_VERSION]: build.goVersion }),
    ...(containerId !== undefined && { [ATTR.CONTAINER_ID]: containerId }),
    ...(hostName !== undefined && { [UNSTABLE_ATTR.HOST_NAME]: hostName }),
  };
}

/** The language is the one whose programs are described: backends choose by it what they show of a service. */
function distribution(agent: AgentFacts): Attributes {
  return {
    [ATTR.TELEMETRY_SDK_LANGUAGE]: 'go',
    [ATTR.TELEMETRY_SDK_NAME]: 'sidespan',
    [ATTR.TELEMETRY_SDK_VERSION]: agent.version,
    [ATTR.TELEMETRY_DISTRO_NAME]: 'sidespan',
    [ATTR.TELEMETRY_DISTRO_VERSION]: agent.version,
  };
}

/** Namespace that the conventions of service.instance.id give for name-based ids. */
const INSTANCE_NAMESPACE = '4d63009a8d0f11eeaad74c796ed8e320';

/** UUID version 5 (RFC 9562, section 5.5): the same process gets the same id from every agent that traces it. */
function nameBasedUuid(name: string): string {
  const hash = createHash('sha1').update(Buffer.from(INSTANCE_NAMESPACE, 'hex')).update(name).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** What @opentelemetry/resources makes, without its 16 MB: no detectors, nothing asynchronous. */
function plainResource(attributes: Attributes): Resource {
  return {
    attributes,
    schemaUrl: SCHEMA_URL,
    merge: (other) => plainResource({ ...attributes, ...other?.attributes }),
    getRawAttributes: () => Object.entries(attributes),
  };
}
