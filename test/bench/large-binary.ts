import { execFile } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory, goEnvironment, goToolchain } from '../support/go-toolchain.ts';
import { jaegerExecutable } from '../support/jaeger.ts';

const run = promisify(execFile);

/**
 * A Go program of more than 100 MB with its debug information: Jaeger, as the Docker test builds it, linked once more.
 * Where Jaeger has never been built this takes some minutes, once.
 */
export async function largeBinary(): Promise<string> {
  const source = join(await jaegerExecutable(), '..');
  const folder = join(cacheDirectory(), 'bench');
  const executable = join(folder, 'jaeger-with-debug-information');
  try {
    await access(executable);
    return executable;
  } catch {
    // built below
  }
  await mkdir(folder, { recursive: true });
  const toolchain = await goToolchain();
  const script = `
    set -e
    cp "$SOURCE/go.mod" "$SOURCE/go.sum" .
    nice -n 15 "$GO" build -mod=mod -trimpath -o "$OUT.part" github.com/jaegertracing/jaeger/cmd/jaeger
    mv "$OUT.part" "$OUT"
  `;
  await run('sh', ['-c', script], {
    cwd: folder,
    maxBuffer: 16 << 20,
    env: goEnvironment(toolchain, { GO: toolchain.go, SOURCE: source, OUT: executable }),
  });
  return executable;
}
