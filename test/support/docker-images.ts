/**
 * The public images that the Dockerfiles and compose.yaml name, made from what this machine can reach.
 *
 * A user's engine pulls them. The tests' own engine may have no way to a registry, so it gets stand-ins under the same
 * names: Debian by debootstrap, Node and npm from npm's packages, Go from the installed toolchain, Jaeger from its Go
 * module. They hold what our files use of them, at the same places.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { debianMirror, unpackedPackages } from './debian.ts';
import type { DockerEngine } from './docker-engine.ts';
import { goToolchain } from './go-toolchain.ts';
import { jaegerExecutable } from './jaeger.ts';

const run = promisify(execFile);
const repository = join(import.meta.dirname, '..', '..');

/** An image that there is no recipe for, or whose recipe failed. */
export class DockerImageError extends Error {
  override readonly name = 'DockerImageError';
}

interface Recipe {
  /** Must be there before. */
  readonly needs: readonly string[];
  /** Makes the image of that name; `folder` is empty and removed afterwards. */
  readonly make: (engine: DockerEngine, image: string, folder: string) => Promise<void>;
}

const recipes: Readonly<Record<string, Recipe>> = {
  'debian:trixie-slim': { needs: [], make: debian },
  'node:24-trixie-slim': { needs: ['debian:trixie-slim'], make: node },
  'golang:1.26-trixie': { needs: ['debian:trixie-slim'], make: go },
  'jaegertracing/jaeger:2.13.0': { needs: [], make: jaeger },
};

/**
 * Makes the images that the engine hasn't got.
 * @param engine one of the tests' own: in a user's engine a stand-in under a public name would stay and mislead.
 * @throws DockerImageError for a name without a recipe.
 */
export async function provideImages(engine: DockerEngine, images: readonly string[]): Promise<void> {
  if (!engine.own) throw new DockerImageError('stand-ins for public images belong only into the own engine of a test');
  for (const image of images) {
    const present = await engine.docker(['image', 'ls', '--quiet', image]);
    if (present.trim() !== '') continue;
    const recipe = recipes[image];
    if (!recipe) {
      const known = Object.keys(recipes).join(', ');
      throw new DockerImageError(
        `no recipe in ${basename(import.meta.filename)} for the image ${image}; known: ${known}`,
      );
    }
    await provideImages(engine, recipe.needs);
    const folder = await mkdtemp(join(tmpdir(), 'sidespan-image-'));
    try {
      await recipe.make(engine, image, folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function debian(engine: DockerEngine, image: string, folder: string): Promise<void> {
  const tool = await unpackedPackages('trixie', ['debootstrap']);
  const script = `
    set -e
    debootstrap=$1 mirror=$2 root=$3 image=$4
    export DEBOOTSTRAP_DIR="$debootstrap/usr/share/debootstrap"
    nice -n 10 "$debootstrap/usr/sbin/debootstrap" --variant=minbase trixie "$root" "$mirror" >&2
    # The official slim image has neither.
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/locale/* "$root"/usr/share/man/*
    find "$root/usr/share/doc" -type f ! -name copyright -delete
    tar --directory "$root" --create . | docker import --change 'CMD ["bash"]' - "$image"
  `;
  const args = ['-c', script, 'sh', tool, await debianMirror(), join(folder, 'root'), image];
  await run('sh', args, { env: engine.env, maxBuffer: 16 << 20 }).catch((cause: unknown) => {
    const said = (cause as { stderr?: string }).stderr?.trim().split('\n').slice(-10).join('\n');
    throw new DockerImageError(`${image} can't be made by debootstrap (which needs wget):\n${said}`, { cause });
  });
}

async function node(engine: DockerEngine, image: string, folder: string): Promise<void> {
  // npm's package brings its dependencies inside.
  await run('npm', ['install', '--prefix', join(folder, 'npm'), '--no-save', '--ignore-scripts', 'npm@11.19.1']);
  await mkdir(join(folder, 'bin'));
  await cp(join(repository, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node'), join(folder, 'bin', 'node'));
  for (const command of ['npm', 'npx']) {
    await symlink(`../lib/node_modules/npm/bin/${command}-cli.js`, join(folder, 'bin', command));
  }
  await build(engine, image, folder, [
    'FROM debian:trixie-slim',
    'COPY npm/node_modules/npm /usr/local/lib/node_modules/npm',
    'COPY bin /usr/local/bin',
    'CMD ["node"]',
  ]);
}

async function go(engine: DockerEngine, image: string, folder: string): Promise<void> {
  const { goroot } = await goToolchain();
  await cp(goroot, join(folder, 'go'), {
    recursive: true,
    filter: (source) => !/^\/(test|api|doc|misc)(\/|$)/.test(source.slice(goroot.length)),
  });
  await build(engine, image, folder, [
    'FROM debian:trixie-slim',
    'ENV GOTOOLCHAIN=local GOPATH=/go PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'COPY go /usr/local/go',
    'WORKDIR /go',
  ]);
}

async function jaeger(engine: DockerEngine, image: string, folder: string): Promise<void> {
  await cp(await jaegerExecutable(), join(folder, 'jaeger-linux'));
  // As the official image: JAEGER_LISTEN_HOST makes its built-in all-in-one configuration listen beyond loopback.
  await build(engine, image, folder, [
    'FROM scratch',
    'ENV JAEGER_LISTEN_HOST=0.0.0.0',
    'EXPOSE 4317 4318 16686',
    'COPY jaeger-linux /cmd/jaeger/jaeger-linux',
    'ENTRYPOINT ["/cmd/jaeger/jaeger-linux"]',
    'USER 10001',
  ]);
}

async function build(engine: DockerEngine, image: string, context: string, lines: readonly string[]): Promise<void> {
  await writeFile(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  await engine.docker(['build', '--tag', image, context]);
}
