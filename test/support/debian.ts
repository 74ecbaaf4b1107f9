/**
 * Packages of any Debian suite for tests, unpacked into the cache without touching the system's own packages.
 *
 * A private apt configuration per suite (its own lists, its own empty package database) beside the machine's, so
 * proxies and the like keep their meaning; the mirror is the machine's own.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exists } from './exists.ts';
import { cacheDirectory } from './go-toolchain.ts';

const run = promisify(execFile);

/** Suites the tests take something from. */
export type DebianSuite = 'bullseye' | 'bookworm' | 'trixie' | 'trixie-backports';

/** As Debian and Go call it. */
export type DebianArchitecture = 'amd64' | 'arm64';

/** This machine's. */
export const hostArchitecture: DebianArchitecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** A suite or package that can't be had, or a machine that isn't Debian. */
export class DebianError extends Error {
  override readonly name = 'DebianError';
}

/** Sets APT_CONFIG for `$SUITE` and `$ARCH` under `$APT` and defines `update`, run at most once; sourced by the scripts below. */
const prelude = `
  set -eu
  mirror=$MIRROR
  mkdir -p "$APT/lists/partial" "$APT/cache/archives/partial"
  : > "$APT/status"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\\n' "$mirror" "$SUITE" > "$APT/sources.list"
  cat > "$APT/apt.conf" <<-END
	Dir::Etc::sourcelist "$APT/sources.list";
	Dir::Etc::sourceparts "-";
	Dir::State::lists "$APT/lists";
	Dir::State::status "$APT/status";
	Dir::Cache "$APT/cache";
	APT::Architecture "$ARCH";
	APT::Architectures { "$ARCH"; };
	APT::Sandbox::User "root";
	Acquire::Languages "none";
	Acquire::Retries "3";
	END
  export APT_CONFIG="$APT/apt.conf"
  update() { apt-get -q update >&2; touch "$APT/updated"; }
  [ -e "$APT/updated" ] || update
`;

/** In `$FOLDER.part`: downloads `$@`; a list older than the archive gets one update. */
const download = `
  rm -rf "$FOLDER.part"; mkdir -p "$FOLDER.part/debs"; cd "$FOLDER.part/debs"
  apt-get -q download "$@" >&2 || { update; apt-get -q download "$@" >&2; }
`;

/**
 * Unpacks packages of a suite into one folder, without their dependencies and without running their scripts.
 * @param packages names; each brings only itself.
 * @param architecture of the packages; another than this machine's can be unpacked, but not run.
 * @returns the folder, which looks as `/` would after an installation; kept for later calls.
 * @throws DebianError when a package can't be had.
 */
export async function unpackedPackages(
  suite: DebianSuite,
  packages: readonly string[],
  architecture = hostArchitecture,
): Promise<string> {
  const key = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12);
  const unpack = 'for deb in *.deb; do dpkg-deb -x "$deb" ..; done; cd ..; rm -r debs';
  return once({ suite, architecture }, `${packages[0]}-${key}`, download + unpack, packages);
}

/**
 * Unpacks a package with all that it depends on, so that its programs run on any machine of this architecture.
 * @param name of the package; recommended packages are left out.
 * @returns the folder; see `foreignProgram` for running what is in it.
 * @throws DebianError when it can't be had.
 */
export async function unpackedProgram(suite: DebianSuite, name: string): Promise<string> {
  const script = `
    fetch() { apt-get -q -y --no-install-recommends --download-only install "$1" >&2; }
    rm -f "$APT"/cache/archives/*.deb
    fetch "$1" || { update; fetch "$1"; }
    mkdir -p "$FOLDER.part"
    for deb in "$APT"/cache/archives/*.deb; do dpkg-deb -x "$deb" "$FOLDER.part"; done
    rm -f "$APT"/cache/archives/*.deb
  `;
  return once({ suite, architecture: hostArchitecture }, `${name}-whole`, script, [name]);
}

/**
 * The command line of a program in an unpacked folder: with that folder's loader and libraries, whatever C library this
 * machine has.
 * @param path within the folder, e.g. 'usr/bin/qemu-system-x86_64'.
 */
export function foreignProgram(folder: string, path: string): readonly [string, ...string[]] {
  const [loader, triplet] =
    hostArchitecture === 'arm64'
      ? ['usr/lib/ld-linux-aarch64.so.1', 'aarch64-linux-gnu']
      : ['usr/lib64/ld-linux-x86-64.so.2', 'x86_64-linux-gnu'];
  return [join(folder, loader), '--library-path', join(folder, 'usr/lib', triplet), join(folder, path)];
}

/**
 * The kernel image of a suite's cloud flavour, which has all that uprobes and BPF need and boots in 2 s.
 * @returns a folder with the file `vmlinuz` and, as text, `version` (e.g. '6.12.43+deb13-cloud-amd64').
 * @throws DebianError when it can't be had.
 */
export async function cloudKernel(suite: DebianSuite, architecture = hostArchitecture): Promise<string> {
  // From 7.x on vmlinuz is in linux-binary-*, and linux-image-* has only the dependency on it.
  const script = `
    meta() { apt-cache show "linux-image-cloud-$ARCH" 2>/dev/null | grep -m1 -oE 'linux-image-[0-9][^ ,]*' || true; }
    image=$(meta); [ -n "$image" ] || { update; image=$(meta); }
    [ -n "$image" ] || { echo "no linux-image-cloud-$ARCH in $SUITE" >&2; exit 1; }
    version=\${image#linux-image-}
    if apt-cache show "linux-binary-$version" >/dev/null 2>&1; then set -- "linux-binary-$version"; else set -- "$image"; fi
    ${download}
    dpkg-deb --fsys-tarfile *.deb | tar -xO --wildcards '*/vmlinuz*' > ../vmlinuz
    cd ..; rm -r debs; printf %s "$version" > version; [ -s vmlinuz ]
  `;
  return once({ suite, architecture }, 'cloud-kernel', script, []);
}

/** The URL of the archive that the machine's own apt takes Debian from, with a slash at the end. */
export async function debianMirror(): Promise<string> {
  const format = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'];
  const { stdout } = await run('apt-get', format).catch((cause: unknown) => {
    throw new DebianError('apt-get is not here: this test needs a Debian machine', { cause });
  });
  const mirror = stdout.split('\n').find((uri) => uri.length > 0 && /\bdebian\/$/.test(uri));
  if (!mirror) throw new DebianError(`apt knows no Debian archive (apt-get indextargets said: ${stdout.trim()})`);
  return mirror;
}

/** Runs a script that fills `$FOLDER.part`, which then becomes the result; under a lock, and not at all if it is there. */
async function once(
  { suite, architecture }: { readonly suite: DebianSuite; readonly architecture: DebianArchitecture },
  name: string,
  script: string,
  args: readonly string[],
): Promise<string> {
  const source = architecture === hostArchitecture ? suite : `${suite}-${architecture}`;
  const folder = join(cacheDirectory(), 'debian', `${source}-${name}`);
  if (await exists(folder)) return folder;
  const apt = join(cacheDirectory(), 'debian', 'apt', source);
  await mkdir(apt, { recursive: true });
  const whole = `[ ! -e "$FOLDER" ] || exit 0\n${prelude}\n${script}\nmv "$FOLDER.part" "$FOLDER"`;
  try {
    await run('flock', [join(apt, 'lock'), 'sh', '-c', whole, 'sh', ...args], {
      maxBuffer: 16 << 20,
      env: {
        ...process.env,
        SUITE: suite,
        FOLDER: folder,
        APT: apt,
        MIRROR: await debianMirror(),
        ARCH: architecture,
      },
    });
  } catch (cause) {
    if (cause instanceof DebianError) throw cause;
    const detail = (cause as { stderr?: string }).stderr?.trim().split('\n').slice(-12).join('\n') || String(cause);
    throw new DebianError(`${name} of Debian ${source} can't be had:\n${detail}`, { cause });
  }
  return folder;
}
