import { type GoTargetOptions, goTarget } from './go-target.ts';

/** grpc-go releases that the target grpcserver is built with, and the oldest Go release that each needs. */
export const grpcVersions = {
  '1.60.1': '1.22',
  '1.65.0': '1.22',
  '1.70.0': '1.22',
  '1.75.1': '1.23',
  '1.85.0': '1.26',
} as const;

/** The release of the target's own go.mod. */
const newest = '1.85.0';

/**
 * Builds test/targets/grpcserver with a release of grpc-go.
 * @param version of grpc-go; its client for tests, `goTarget('grpcserver/grpcload')`, works with all of them.
 * @returns the executable's path.
 */
export function grpcTarget(
  version: keyof typeof grpcVersions = newest,
  options: Omit<GoTargetOptions, 'modfile'> = {},
): Promise<string> {
  return goTarget('grpcserver', version === newest ? options : { ...options, modfile: `grpc-${version}.mod` });
}
