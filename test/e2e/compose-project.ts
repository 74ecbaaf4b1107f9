/**
 * docker/compose.yaml as a user runs it, under a name and on ports of the test's own, and gone at the end.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type DockerEngine, dockerEngine } from '../support/docker-engine.ts';
import { provideImages } from '../support/docker-images.ts';

const repository = join(import.meta.dirname, '..', '..');
const dockerFolder = join(repository, 'docker');

/** Where a Debian machine keeps the certificates it trusts, its own proxy's among them. */
const certificates = '/etc/ssl/certs/ca-certificates.crt';

/** The running project. */
export interface ComposeProject extends AsyncDisposable {
  readonly engine: DockerEngine;
  readonly name: string;
  /** Runs `docker compose` for this project. */
  compose(args: readonly string[]): Promise<string>;
  /** The service's container, as `docker inspect` shows it. */
  inspect(service: string): Promise<ContainerState>;
  /** `http://127.0.0.1:PORT` for a published port of a service. */
  url(service: string, containerPort: number): Promise<string>;
}

/** The part of `docker inspect` that tests read. */
export interface ContainerState {
  readonly Id: string;
  readonly State: {
    readonly Status: string;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
  };
  readonly HostConfig: { readonly ReadonlyRootfs: boolean; readonly Memory: number; readonly NanoCpus: number };
}

/**
 * Provides the images, builds and starts everything.
 * @throws DockerError and the like; nothing is left running then.
 */
export async function composeUp(): Promise<ComposeProject> {
  await using cleanUp = new AsyncDisposableStack();
  const engine = cleanUp.use(await dockerEngine());
  const folder = await mkdtemp(join(tmpdir(), 'sidespan-compose-'));
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  if (engine.own) await provideImages(engine, await publicImages());
  const override = join(folder, 'override.yaml');
  await writeFile(override, stringify(buildSecrets()));

  // Any free ports, so that the test runs beside a user's own.
  const env = { SHOP_PORT: '0', VIEWER_PORT: '0', JAEGER_PORT: '0' };
  const name = `sidespan-test-${process.pid}`;
  const files = ['--file', join(dockerFolder, 'compose.yaml'), '--file', override];
  const compose = (args: readonly string[]): Promise<string> =>
    engine.docker(['compose', '--project-name', name, '--progress', 'plain', ...files, ...args], { cwd: folder, env });
  cleanUp.defer(async () => {
    await compose(['down', '--volumes', '--remove-orphans', '--rmi', 'local', '--timeout', '20']);
  });
  await compose(['up', '--build', '--detach', '--wait']).catch(async (cause) => {
    throw new Error(`the project did not start; Sidespan says:\n${await compose(['logs', 'sidespan'])}`, { cause });
  });

  const inspect = async (service: string): Promise<ContainerState> => {
    const id = (await compose(['ps', '--all', '--quiet', service])).trim();
    const [state] = JSON.parse(await engine.docker(['inspect', id])) as ContainerState[];
    if (!state) throw new Error(`no container of ${service}`);
    return state;
  };
  const url = async (service: string, containerPort: number): Promise<string> =>
    `http://${(await compose(['port', service, String(containerPort)])).trim()}`;
  const rest = cleanUp.move();
  return { engine, name, compose, inspect, url, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

/** What our files take from a registry: the defaults of the Dockerfiles' arguments, and compose's images without build. */
async function publicImages(): Promise<string[]> {
  const images = new Set<string>();
  for (const file of ['Dockerfile', 'shop.Dockerfile']) {
    const text = await readFile(join(dockerFolder, file), 'utf8');
    for (const [, image = ''] of text.matchAll(/^ARG \w+=(\S+:\S+)$/gm)) images.add(image);
  }
  const compose = await readFile(join(dockerFolder, 'compose.yaml'), 'utf8');
  for (const [, image = ''] of compose.matchAll(/^ {4}image: (\S+:\S+)$/gm)) images.add(image);
  return [...images];
}

/** What this machine's package managers need to reach their registries, handed to the builds. */
function buildSecrets(): object {
  const npmrc = process.env.NPM_CONFIG_USERCONFIG ?? join(process.env.HOME ?? '', '.npmrc');
  const files = Object.entries({ ca: certificates, npmrc }).filter(([, file]) => existsSync(file));
  const secrets = files.map(([name]) => name);
  const args = process.env.GOPROXY ? { GOPROXY: process.env.GOPROXY } : {};
  return {
    secrets: Object.fromEntries(files.map(([name, file]) => [name, { file }])),
    services: {
      shop: { build: { secrets, args } },
      inventory: { build: { secrets, args } },
      sidespan: { build: { secrets } },
    },
  };
}
