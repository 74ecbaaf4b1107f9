/**
 * Runs a command under another Linux kernel: QEMU in software emulation, the root file system from cpio archives.
 *
 * No hardware virtualisation is asked for, so it runs where there is none (a container, a virtual machine), and in the
 * same way everywhere; a boot takes 2 to 3 s.
 */
import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { writeArchive } from './cpio.ts';
import { type DebianArchitecture, foreignProgram, hostArchitecture, unpackedProgram } from './debian.ts';

/** What to boot and what to run there. */
export interface GuestOptions {
  /** A kernel image on this machine. */
  readonly kernel: string;
  /** Of the kernel and all programs in the archives; left out: this machine's. */
  readonly architecture?: DebianArchitecture;
  /** Uncompressed cpio archives that make up the root, the first with `guestInit` as `/init`. */
  readonly archives: readonly string[];
  /** For the guest's shell. */
  readonly command: string;
  readonly memoryMB?: number;
  readonly cpus?: number;
  /** For the whole run of QEMU. */
  readonly timeoutMs?: number;
  /** Added to the kernel's command line, e.g. 'preempt=full'. */
  readonly kernelArguments?: string;
}

/** What came of it. */
export interface GuestRun {
  readonly exitCode: number;
  /** Both output streams of the command. */
  readonly output: string;
  /** Whole run of QEMU, the second one if there were two. */
  readonly durationMs: number;
  readonly tries: 1 | 2;
}

/** The guest did not get as far as an exit code: a panic, a hang, or QEMU missing. */
export class GuestError extends Error {
  override readonly name = 'GuestError';
}

const exitMarker = '@@RC=';
const consoleLinesShown = 25;

/**
 * First program of the guest; needs busybox at /bin/busybox, runs /cmd and says its exit code, on the device `$OUTPUT`:
 * the kernel passes on as environment what it does not know of its command line.
 */
export const guestInit = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /run /root
/bin/busybox --install -s /bin
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/shm /dev/pts
mount -t tmpfs tmp /dev/shm
mount -t tmpfs tmp /tmp
mount -t bpf bpf /sys/fs/bpf
mount -t tracefs tracefs /sys/kernel/tracing
mount -t debugfs debugfs /sys/kernel/debug
mount -t securityfs security /sys/kernel/security
mount -t cgroup2 cgroup /sys/fs/cgroup
ln -sf /proc/self/fd /dev/fd
ip link set lo up
ulimit -l unlimited
stty -F $OUTPUT raw -echo
( cd /; sh /cmd ) </dev/null >$OUTPUT 2>&1
code=$?
printf '\\n${exitMarker}%s\\n' $code >$OUTPUT
sync
poweroff -f
`;

/**
 * Boots, runs, powers off.
 *
 * A run that ends without an exit code is repeated once: software emulation of two CPUs panics at times of its own.
 * A code that the command gave is never questioned.
 * @throws GuestError with the end of the guest's console when no code came, twice.
 */
export async function runGuest(options: GuestOptions): Promise<GuestRun> {
  try {
    return { ...(await bootOnce(options)), tries: 1 };
  } catch (first) {
    if (!(first instanceof GuestError)) throw first;
    try {
      return { ...(await bootOnce(options)), tries: 2 };
    } catch (second) {
      if (second instanceof GuestError) throw new GuestError(`${second.message}\nThe first try ended so too.`);
      throw second;
    }
  }
}

async function bootOnce(options: GuestOptions): Promise<Omit<GuestRun, 'tries'>> {
  const folder = await mkdtemp(join(tmpdir(), 'sidespan-guest-'));
  try {
    writeArchive(join(folder, 'cmd.cpio'), [{ path: 'cmd', text: `${options.command}\n` }]);
    await concatenate([...options.archives, join(folder, 'cmd.cpio')], join(folder, 'initrd'));
    const started = performance.now();
    const ended = await qemu(folder, options);
    const durationMs = performance.now() - started;
    const output = (await textOf(join(folder, 'out'))).replaceAll('\r', '');
    const marker = output.lastIndexOf(`\n${exitMarker}`);
    const code = marker < 0 ? Number.NaN : Number.parseInt(output.slice(marker + 1 + exitMarker.length), 10);
    if (Number.isInteger(code)) return { exitCode: code, output: output.slice(0, marker), durationMs };
    const console = (await textOf(join(folder, 'console'))).replaceAll('\r', '').trimEnd().split('\n');
    throw new GuestError(
      `no exit code from the guest: ${ended}\noutput: ${output.slice(-2000)}\nconsole:\n${console.slice(-consoleLinesShown).join('\n')}`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What QEMU and the kernel are told for an architecture. */
interface Machine {
  /** Debian's package of QEMU, and the folders with the machine's firmware in it. */
  readonly package: string;
  readonly firmware: readonly string[];
  readonly program: string;
  readonly arguments: readonly string[];
  /** The kernel's messages go to the first serial line, the command's output to the second: they don't mix. */
  readonly serialLines: readonly [string, string];
  readonly kernelArguments: string;
}

const machines: Readonly<Record<DebianArchitecture, Machine>> = {
  amd64: {
    package: 'qemu-system-x86',
    firmware: ['usr/share/qemu', 'usr/share/seabios'],
    program: 'usr/bin/qemu-system-x86_64',
    arguments: ['-M', 'pc', '-cpu', 'max,la57=off'],
    serialLines: ['ttyS0', 'ttyS1'],
    // The emulated clock is steady; the kernel's calibration of it is not, on a busy machine.
    kernelArguments: 'tsc=reliable',
  },
  arm64: {
    package: 'qemu-system-arm',
    firmware: ['usr/share/qemu'],
    program: 'usr/bin/qemu-system-aarch64',
    // Not `max`: it signs return addresses, in software.
    arguments: ['-M', 'virt,gic-version=3', '-cpu', 'neoverse-n1'],
    serialLines: ['ttyAMA0', 'ttyAMA1'],
    kernelArguments: '',
  },
};

/** @returns how QEMU ended, for messages. */
async function qemu(folder: string, options: GuestOptions): Promise<string> {
  const machine = machines[options.architecture ?? hostArchitecture];
  // Not the machine's own: version 7 (bookworm) emulates cmpxchg16b so that one boot in three panics on a busy machine.
  const unpacked = await unpackedProgram('trixie', machine.package);
  const program = foreignProgram(unpacked, machine.program);
  const [console, output] = machine.serialLines;
  const commandLine = [
    `console=${console} OUTPUT=/dev/${output} quiet loglevel=4`,
    // A panic ends QEMU (-no-reboot) instead of waiting.
    'panic=-1 oops=panic mitigations=off',
    machine.kernelArguments,
    options.kernelArguments ?? '',
  ].join(' ');
  const args = [
    // Never kvm: nested, it may hang in the kernel.
    ...['-accel', 'tcg,thread=multi', ...machine.arguments],
    ...machine.firmware.flatMap((path) => ['-L', join(unpacked, path)]),
    ...['-m', String(options.memoryMB ?? 1024), '-smp', String(options.cpus ?? 1)],
    ...['-nodefaults', '-display', 'none', '-no-reboot'],
    ...['-serial', `file:${join(folder, 'console')}`, '-serial', `file:${join(folder, 'out')}`],
    ...['-kernel', options.kernel, '-initrd', join(folder, 'initrd'), '-append', commandLine],
  ];
  const timeoutMs = options.timeoutMs ?? 120_000;
  return new Promise((resolve, reject) => {
    // setpriv: should this process be killed, so is QEMU.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...program, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = `${errors}${text}`.slice(-4000);
    });
    child.on('error', (cause) => reject(new GuestError('setpriv of util-linux cannot be started', { cause })));
    child.on('close', (code, signal) => {
      const how = signal ? `killed after ${timeoutMs} ms` : `QEMU ended with code ${code}`;
      resolve(errors ? `${how}: ${errors.trim()}` : how);
    });
  });
}

async function concatenate(files: readonly string[], out: string): Promise<void> {
  for (const file of files) await pipeline(createReadStream(file), createWriteStream(out, { flags: 'a' }));
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
