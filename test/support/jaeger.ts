/** Jaeger v2 as a trace backend for tests, and as a large program. Its release line is 2.13.0. */
import { moduleCommand } from './go-module.ts';

export const jaegerModule = { module: 'github.com/jaegertracing/jaeger', version: 'v1.76.0', command: 'cmd/jaeger' };

/**
 * @returns path of the statically linked executable, stripped. The first call on a machine takes minutes.
 * @throws GoModuleError, GoToolchainError
 */
export function jaegerExecutable(): Promise<string> {
  return moduleCommand(jaegerModule);
}

/** The same with its debug information: 121 MB. */
export function jaegerWithDebugInformation(): Promise<string> {
  return moduleCommand({ ...jaegerModule, debug: true });
}
