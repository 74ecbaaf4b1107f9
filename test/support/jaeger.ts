/**
 * Jaeger v2 as a trace backend for tests, built from its Go module once.
 *
 * Its go.mod has `replace` lines, which `go install module@version` refuses. A module around it, seeded with its own
 * go.mod and go.sum, builds it with the very dependencies it was released with.
 */
import { execFile } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory, goEnvironment, goToolchain } from './go-toolchain.ts';

const run = promisify(execFile);

/** Of the module; the release line of the executable built from it is 2.13.0. */
const moduleVersion = 'v1.76.0';
const jaegerModule = 'github.com/jaegertracing/jaeger';

/** Jaeger can't be built. */
export class JaegerError extends Error {
  override readonly name = 'JaegerError';
}

/**
 * @returns path of the statically linked executable. The first call on a machine takes minutes.
 * @throws JaegerError with the compiler's last lines; GoToolchainError.
 */
export async function jaegerExecutable(): Promise<string> {
  const toolchain = await goToolchain();
  const folder = join(cacheDirectory(), `jaeger-${moduleVersion}`);
  const executable = join(folder, 'jaeger');
  if (await exists(executable)) return executable;
  await mkdir(folder, { recursive: true });
  const script = `
    set -e
    [ ! -e jaeger ] || exit 0
    source=$(cd / && "$GO" mod download -json "$MODULE@$VERSION" | sed -n 's/^[[:space:]]*"Dir": "\\(.*\\)",*$/\\1/p')
    cp "$source/go.mod" "$source/go.sum" .
    chmod u+w go.mod go.sum
    "$GO" mod edit -module sidespan.test/jaeger -require "$MODULE@$VERSION"
    nice -n 10 "$GO" build -mod=mod -trimpath -ldflags='-s -w' -o jaeger.part "$MODULE/cmd/jaeger"
    mv jaeger.part jaeger
  `;
  try {
    await run('flock', [join(folder, 'lock'), 'sh', '-c', script], {
      cwd: folder,
      maxBuffer: 16 << 20,
      env: goEnvironment(toolchain, { GO: toolchain.go, MODULE: jaegerModule, VERSION: moduleVersion }),
    });
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr?.trim().split('\n').slice(-10).join('\n') || String(cause);
    throw new JaegerError(`${jaegerModule} ${moduleVersion} doesn't build:\n${said}`, { cause });
  }
  return executable;
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
