import type { BuildInfo } from '../binary/go-binary.ts';

/** `v2` … at the end of an import path names a major version, not a program. */
const MAJOR_VERSION = /^v\d+$/;
/** What the go command calls a program built from files that are named on its command line. */
const NO_PATH = 'command-line-arguments';

/** What a program would be called: the last element of its main package's import path, else of its module's. */
export function nameOfProgram(build: BuildInfo | undefined, exePath: string): string {
  for (const path of [build?.path ?? '', build?.module.path ?? '']) {
    if (path === '' || path === NO_PATH) continue;
    const name = path.split('/').findLast((element) => element !== '' && !MAJOR_VERSION.test(element));
    if (name !== undefined) return name;
  }
  return exePath.slice(exePath.lastIndexOf('/') + 1) || 'unknown_service:go';
}

/** The main module's version, else the commit it was built from; undefined if the binary says neither. */
export function versionOfProgram(build: BuildInfo | undefined): string | undefined {
  if (build === undefined) return undefined;
  const { version } = build.module;
  if (version !== '' && version !== '(devel)') return version;
  const revision = build.settings.get('vcs.revision');
  if (revision === undefined || revision === '') return undefined;
  return build.settings.get('vcs.modified') === 'true' ? `${revision}+dirty` : revision;
}
