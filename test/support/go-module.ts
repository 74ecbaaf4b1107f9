/** Commands of public Go modules for tests, built once. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exists } from './exists.ts';
import { cacheDirectory, goEnvironment, goToolchain } from './go-toolchain.ts';

const run = promisify(execFile);

/** A module that can't be had or doesn't build. */
export class GoModuleError extends Error {
  override readonly name = 'GoModuleError';
}

export interface ModuleCommand {
  readonly module: string;
  readonly version: string;
  /** Its import path below the module's; '' or left out for the root. */
  readonly command?: string;
  /** With debug information and symbols; otherwise linked with -s -w. */
  readonly debug?: boolean;
}

/**
 * Builds a command of a module, with the very dependencies it was released with.
 * @returns path of the statically linked executable. The first call on a machine may take minutes.
 * @throws GoModuleError with the compiler's last lines; GoToolchainError.
 */
export async function moduleCommand({ module, version, command = '', debug = false }: ModuleCommand): Promise<string> {
  const toolchain = await goToolchain();
  const importPath = command === '' ? module : `${module}/${command}`;
  const name =
    importPath
      .split('/')
      .filter((element) => !/^v\d+$/.test(element))
      .at(-1) ?? 'command';
  const folder = join(cacheDirectory(), `${name}-${version}${debug ? '-debug' : ''}`);
  const executable = join(folder, name);
  if (await exists(executable)) return executable;
  await mkdir(folder, { recursive: true });
  // `go install` refuses modules whose go.mod has `replace` lines. A module around it, seeded with its own go.mod and
  // go.sum, builds it.
  const script = `
    set -e
    [ ! -e "$NAME" ] || exit 0
    source=$(cd / && "$GO" mod download -json "$MODULE@$VERSION" | sed -n 's/^[[:space:]]*"Dir": "\\(.*\\)",*$/\\1/p')
    cp "$source/go.mod" "$source/go.sum" .
    chmod u+w go.mod go.sum
    "$GO" mod edit -module sidespan.test/command -require "$MODULE@$VERSION"
    nice -n 10 "$GO" build -mod=mod -trimpath -ldflags="$LDFLAGS" -o command.part "$IMPORT_PATH"
    mv command.part "$NAME"
  `;
  const env = {
    GO: toolchain.go,
    MODULE: module,
    VERSION: version,
    NAME: name,
    LDFLAGS: debug ? '' : '-s -w',
    IMPORT_PATH: importPath,
  };
  try {
    await run('flock', [join(folder, 'lock'), 'sh', '-c', script], {
      cwd: folder,
      maxBuffer: 16 << 20,
      env: goEnvironment(toolchain, env),
    });
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr?.trim().split('\n').slice(-10).join('\n') || String(cause);
    throw new GoModuleError(`${importPath} ${version} doesn't build:\n${said}`, { cause });
  }
  return executable;
}
