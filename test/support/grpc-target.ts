import { type GoTargetOptions, goTarget } from './go-target.ts';
import { everyRelease } from './library-releases.ts';

/** grpc-go releases that the target grpcserver is built with, and the oldest Go release that each needs. */
export const grpcVersions = {
  '1.40.1': '1.22',
  '1.45.0': '1.22',
  '1.50.1': '1.22',
  '1.55.1': '1.22',
  '1.59.0': '1.22',
  '1.60.1': '1.22',
  '1.65.0': '1.22',
  '1.70.0': '1.22',
  '1.75.1': '1.23',
  '1.85.0': '1.26',
} as const;

/** Go's names of codes, as the conventions write them. */
export const goCodeNames: Readonly<Record<string, string>> = {
  OK: 'OK',
  Canceled: 'CANCELLED',
  Unknown: 'UNKNOWN',
  DeadlineExceeded: 'DEADLINE_EXCEEDED',
  NotFound: 'NOT_FOUND',
  PermissionDenied: 'PERMISSION_DENIED',
  ResourceExhausted: 'RESOURCE_EXHAUSTED',
  Aborted: 'ABORTED',
  Unimplemented: 'UNIMPLEMENTED',
  Internal: 'INTERNAL',
  Unavailable: 'UNAVAILABLE',
  'Code(77)': '77',
};

/** The release of the target's own go.mod. */
const newest = '1.85.0';

export interface GrpcBuild {
  readonly version: keyof typeof grpcVersions;
  readonly ldflags?: string;
}

/** The oldest release and the newest, stripped; with `npm run test:truth -- libraries` each of them, stripped and not. */
export function grpcBuilds(): readonly GrpcBuild[] {
  if (!everyRelease) return [{ version: '1.40.1', ldflags: '-s -w' }, { version: newest }];
  return (Object.keys(grpcVersions) as GrpcBuild['version'][]).flatMap((version) => [
    { version },
    { version, ldflags: '-s -w' },
  ]);
}

/**
 * Builds test/targets/grpcserver with a release of grpc-go.
 * @param version of grpc-go; its client for tests, `goTarget('grpcserver/grpcload')`, works with all of them.
 * @returns the executable's path.
 */
export function grpcTarget(
  version: keyof typeof grpcVersions = newest,
  options: Omit<GoTargetOptions, 'modfile'> = {},
): Promise<string> {
  return goTarget('grpcserver', ofRelease(version, options));
}

/** The same for its client. */
export function grpcClientTarget(
  version: keyof typeof grpcVersions = newest,
  options: Omit<GoTargetOptions, 'modfile'> = {},
): Promise<string> {
  return goTarget('grpcserver/grpcload', ofRelease(version, options));
}

/** Calls that do not simply return, of clients and servers in one program. */
export function grpcOddTarget(
  version: keyof typeof grpcVersions = newest,
  options: Omit<GoTargetOptions, 'modfile'> = {},
): Promise<string> {
  return goTarget('grpcserver/oddcalls', ofRelease(version, options));
}

function ofRelease(version: keyof typeof grpcVersions, options: GoTargetOptions): GoTargetOptions {
  return version === newest ? options : { ...options, modfile: `grpc-${version}.mod` };
}
