import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { packageFile } from '../package-file.ts';
import { type AttachMode, attachType, hasUprobeMulti } from './attach.ts';
import { BpfError } from './bpf-error.ts';
import type { Libbpf } from './libbpf.ts';
import { addressOf, lastErrno } from './libc.ts';
import { processPrograms, siteProgram } from './programs.ts';

/** Lengths of the maps whose size is chosen at load time, in entries; `ring` in bytes, a power of two. */
export interface MapSizes {
  readonly sites: number;
  readonly probes: number;
  readonly goroutines: number;
  readonly goroutineSlots: number;
  readonly goroutineTimes: number;
  readonly requestPhases: number;
  /** Buckets for the counts of messages of gRPC's streams. */
  readonly messageBuckets: number;
  /** Goroutines that wait for one. */
  readonly awaitedMessages: number;
  readonly overflowFrames: number;
  /** Texts that are kept to be passed on. */
  readonly traceStates: number;
  readonly series: number;
  readonly spilledSeries: number;
  /** Of a value of both, in bytes: of struct series or struct wide_series. */
  readonly seriesBytes: number;
  readonly ring: number;
}

/** Constants of the programs, set before they are loaded. */
export interface ProgramConstants {
  /** struct settings */
  readonly settings: Uint8Array;
  /** duration_bounds */
  readonly bounds: Uint8Array;
  /** exponential_bounds; absent: nothing is sorted into them. */
  readonly exponential?: Uint8Array;
}

/** The loaded object. Closing it unloads programs and maps. */
export interface BpfObject extends Disposable {
  readonly attachMode: AttachMode;
  mapFd(name: string): number;
  programFd(name: string): number;
  /** Attaches the programs that tell of exec and exit; the handle detaches them. */
  attachProcessPrograms(): Disposable;
}

/** struct bpf_object_open_opts (libbpf.h), as far as the verifier's log goes. */
const openOptions = { sizeBytes: 80, size: 0, logBuffer: 56, logSize: 64 } as const;

const logBytes = 1 << 20;
const logTailLines = 12;

/** The compiled object for this machine. */
export function objectPath(name = 'sidespan'): string {
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const path = packageFile('dist', 'bpf', `${name}.${arch}.bpf.o`);
  if (!existsSync(path)) {
    throw new BpfError(`The BPF object ${path} is missing`, 0, { remedy: 'In a checkout run `scripts/build-bpf`.' });
  }
  return path;
}

/** Of the verifier: its last lines. */
export function logTail(log: Uint8Array): string {
  const end = log.indexOf(0);
  const lines = new TextDecoder()
    .decode(log.subarray(0, end < 0 ? log.length : end))
    .trimEnd()
    .split('\n');
  const tail = lines.slice(-logTailLines);
  if (tail.length === 0 || tail[0] === '') return '';
  const left = lines.length - tail.length;
  return `\nThe verifier said${left > 0 ? ` (${left} lines before left out)` : ''}:\n  ${tail.join('\n  ')}\n`;
}

/** include/uapi/linux/bpf.h: what uprobe programs are, and helpers that the programs can't do without. */
const kprobeProgram = 2;
const neededHelpers = [
  { name: 'bpf_loop', helper: 181, since: '5.17' },
  { name: 'bpf_get_attach_cookie', helper: 174, since: '5.15' },
] as const;

/** A kernel that lacks a helper says no more than EINVAL; so each is asked for. */
const kernelTypes = '/sys/kernel/btf/vmlinux';

function loadFailure(libbpf: Libbpf, errno: number, detail: string): BpfError {
  // libbpf answers this with ESRCH, which says nothing to anybody.
  if (!existsSync(kernelTypes)) {
    return new BpfError(`The kernel's type information (BTF) is missing: there is no ${kernelTypes}`, 0, {
      remedy:
        'Kernels with CONFIG_DEBUG_INFO_BTF have it, as distributions build them; a container needs /sys mounted.',
      impossible: true,
    });
  }
  const missing = neededHelpers.find(({ helper }) => libbpf.probeHelper(kprobeProgram, helper, null) === 0);
  if (missing === undefined) return new BpfError('Loading the BPF programs', errno, { detail, impossible: true });
  return new BpfError(
    `This kernel, Linux ${release()}, lacks ${missing.name}, which came with Linux ${missing.since}`,
    0,
    {
      remedy: 'Sidespan needs Linux 5.17, better 6.1 or later.',
      impossible: true,
    },
  );
}

/**
 * Opens, sizes and loads the object.
 * @param settings bytes of struct settings, constant from then on
 * @param mode attach mode to prepare the programs for; without it uprobe_multi where the kernel has it
 * @throws BpfError with the verifier's last lines
 */
export function loadObject(
  libbpf: Libbpf,
  path: string,
  sizes: MapSizes,
  constants: ProgramConstants,
  mode?: AttachMode,
): BpfObject {
  const wanted = mode ?? 'uprobe_multi';
  const object = loadWith(libbpf, path, sizes, constants, wanted);
  if (mode !== undefined || hasUprobeMulti(object.programFd(siteProgram))) return object;
  object[Symbol.dispose]();
  return loadWith(libbpf, path, sizes, constants, 'perf_event');
}

/** An object that is yet to be loaded. */
export interface OpenObject {
  readonly handle: bigint;
  /** Where the verifier writes. */
  readonly log: Uint8Array;
  readonly map: (name: string) => bigint;
  readonly program: (name: string) => bigint;
}

/** @throws BpfError: the file is no BPF object, or not the one that belongs to this agent */
export function openObject(libbpf: Libbpf, path: string): OpenObject {
  const log = new Uint8Array(logBytes);
  const options = new Uint8Array(openOptions.sizeBytes);
  const view = new DataView(options.buffer);
  view.setBigUint64(openOptions.size, BigInt(openOptions.sizeBytes), true);
  view.setBigUint64(openOptions.logBuffer, addressOf(log), true);
  view.setBigUint64(openOptions.logSize, BigInt(log.length), true);
  const handle = libbpf.openFile(path, options);
  if (BigInt(handle) === 0n) throw new BpfError(`${path} cannot be opened as a BPF object`, 0);
  const named = (what: string, find: (object: bigint, name: string) => bigint) => (name: string) => {
    const found = find(handle, name);
    if (BigInt(found) === 0n)
      throw new BpfError(`${path} has no ${what} ${name}`, 0, { remedy: 'Build it again: scripts/build-bpf.' });
    return found;
  };
  return { handle, log, map: named('map', libbpf.findMap), program: named('program', libbpf.findProgram) };
}

function loadWith(
  libbpf: Libbpf,
  path: string,
  sizes: MapSizes,
  constants: ProgramConstants,
  attachMode: AttachMode,
): BpfObject {
  const { handle: object, log, map: find, program } = openObject(libbpf, path);
  try {
    libbpf.setMaxEntries(find('sites'), sizes.sites);
    libbpf.setMaxEntries(find('probes'), sizes.probes);
    libbpf.setMaxEntries(find('counters'), sizes.probes);
    libbpf.setMaxEntries(find('captures'), sizes.probes);
    libbpf.setMaxEntries(find('goroutines'), sizes.goroutines);
    libbpf.setMaxEntries(find('overflow_frames'), sizes.overflowFrames);
    libbpf.setMaxEntries(find('goroutine_slots'), sizes.goroutineSlots);
    libbpf.setMaxEntries(find('goroutine_times'), sizes.goroutineTimes);
    libbpf.setMaxEntries(find('request_phases'), sizes.requestPhases);
    libbpf.setMaxEntries(find('messages'), sizes.messageBuckets);
    libbpf.setMaxEntries(find('awaited_messages'), sizes.awaitedMessages);
    libbpf.setMaxEntries(find('trace_states'), sizes.traceStates);
    libbpf.setMaxEntries(find('series'), sizes.series);
    libbpf.setMaxEntries(find('ring'), sizes.ring);
    libbpf.setMaxEntries(find('spilled_series'), sizes.spilledSeries);
    for (const name of ['series', 'spilled_series']) {
      const resized = libbpf.setValueSize(find(name), sizes.seriesBytes);
      if (resized !== 0) throw new BpfError(`Setting the size of the BPF table ${name}`, -resized);
    }
    for (const [name, bytes] of Object.entries(constants)) {
      const set = libbpf.setInitialValue(find(`.rodata.${name}`), bytes, bytes.length);
      if (set !== 0) throw new BpfError(`Setting the BPF constants .rodata.${name}`, -set);
    }
    if (attachMode === 'uprobe_multi') libbpf.setExpectedAttachType(program(siteProgram), attachType.uprobeMulti);
    const loaded = libbpf.load(object);
    if (loaded !== 0) throw loadFailure(libbpf, -loaded, logTail(log));
  } catch (error) {
    libbpf.closeObject(object);
    throw error;
  }
  return {
    attachMode,
    mapFd: (name) => libbpf.mapFd(find(name)),
    programFd: (name) => libbpf.programFd(program(name)),
    attachProcessPrograms() {
      const links: bigint[] = [];
      const detach = () => {
        for (const link of links.splice(0)) libbpf.destroyLink(link);
      };
      for (const { name, tracepoint } of processPrograms) {
        const link = libbpf.attachRawTracepoint(program(name), tracepoint);
        if (BigInt(link) === 0n) {
          const errno = lastErrno();
          detach();
          throw new BpfError(`Attaching to the tracepoint ${tracepoint}`, errno);
        }
        links.push(link);
      }
      return { [Symbol.dispose]: detach };
    },
    [Symbol.dispose]: () => libbpf.closeObject(object),
  };
}
