import { readFileSync } from 'node:fs';
import type { WrittenHeaders } from '../probe/outgoing/written-headers.ts';
import { type ArrayTable, arrayTable } from './array-table.ts';
import { type AttachMode, attachType } from './attach.ts';
import { BpfError } from './bpf-error.ts';
import type { Libbpf } from './libbpf.ts';
import { outgoingCountersLayout as layout, outgoingSiteLayout } from './map-layout.ts';
import { logTail, type OpenObject, openObject } from './object.ts';
import { outgoingSettingsBytes } from './outgoing-settings.ts';
import { outgoingProgram } from './programs.ts';

/** What became of the requests of a client's calls that were to get headers. Names as in struct outgoing_counters. */
export interface OutgoingCounters {
  readonly passed: number;
  readonly written: number;
  readonly stateless: number;
  readonly present: number;
  readonly noRoom: number;
  readonly noCall: number;
  readonly unsearched: number;
  readonly refused: number;
  readonly fault: number;
}

/** The program that writes headers into requests, loaded, and its tables. */
export interface OutgoingSide extends Disposable {
  readonly programFd: number;
  readonly sites: ArrayTable;
  counters(probe: number): OutgoingCounters;
  clearCounters(probe: number): void;
}

/** What it takes its maps from. */
interface LoadedObject {
  readonly attachMode: AttachMode;
  mapFd(name: string): number;
}

interface OutgoingOptions {
  readonly path: string;
  /** Entries of the table of probes. */
  readonly probes: number;
  /** struct settings */
  readonly settings: Uint8Array;
  readonly headers: WrittenHeaders;
}

/** OUTGOING_SITES of bpf/outgoing.h. */
const maxSites = 2048;

/**
 * Loads the program beside the others, with the same maps.
 * @throws BpfError: the kernel does not let programs write to a process's memory
 */
export function openOutgoing(libbpf: Libbpf, main: LoadedObject, options: OutgoingOptions): OutgoingSide {
  const object = openObject(libbpf, options.path);
  try {
    for (let map = libbpf.nextMap(object.handle, 0n); BigInt(map) !== 0n; map = libbpf.nextMap(object.handle, map)) {
      const name = libbpf.mapName(map);
      if (isOwn(name)) continue;
      const shared = libbpf.reuseMap(map, main.mapFd(name));
      if (shared !== 0) throw new BpfError(`Sharing the BPF map ${name}`, -shared);
    }
    libbpf.setMaxEntries(object.map('outgoing_counts'), options.probes);
    const constants = { settings: options.settings, outgoing: outgoingSettingsBytes(options.headers) };
    for (const [name, bytes] of Object.entries(constants)) {
      const set = libbpf.setInitialValue(object.map(`.rodata.${name}`), bytes, bytes.length);
      if (set !== 0) throw new BpfError(`Setting the BPF constants .rodata.${name}`, -set);
    }
    if (main.attachMode === 'uprobe_multi') {
      libbpf.setExpectedAttachType(object.program(outgoingProgram), attachType.uprobeMulti);
    }
    const loaded = libbpf.load(object.handle);
    if (loaded !== 0) throw loadFailure(-loaded, logTail(object.log));
  } catch (error) {
    libbpf.closeObject(object.handle);
    throw error;
  }
  return loadedSide(libbpf, object, options.probes);
}

/** Constants are the object's own, as are the tables that only it knows. */
function isOwn(name: string): boolean {
  return name.startsWith('outgoing_') || name.includes('.rodata');
}

function loadedSide(libbpf: Libbpf, object: OpenObject, probes: number): OutgoingSide {
  const counts = libbpf.mapFd(object.map('outgoing_counts'));
  const cpus = libbpf.possibleCpus();
  const key = new Uint32Array(1);
  const keyBytes = new Uint8Array(key.buffer);
  const perCpu = new Uint8Array(cpus * layout.sizeBytes);
  return {
    programFd: libbpf.programFd(object.program(outgoingProgram)),
    sites: arrayTable(libbpf, libbpf.mapFd(object.map('outgoing_sites')), {
      name: 'outgoing_sites',
      entries: maxSites,
      entryBytes: outgoingSiteLayout.sizeBytes,
      remedy: 'Trace fewer processes with one agent.',
    }),
    counters(probe) {
      if (probe >= probes) throw new BpfError(`There is no probe ${probe}`);
      key[0] = probe;
      const result = libbpf.lookupElement(counts, keyBytes, perCpu);
      if (result !== 0) throw new BpfError(`Reading what was written for probe ${probe}`, -result);
      return sumOutgoing(perCpu, cpus);
    },
    clearCounters(probe) {
      key[0] = probe;
      const result = libbpf.updateElement(counts, keyBytes, new Uint8Array(perCpu.length), 0);
      if (result !== 0) throw new BpfError(`Clearing what was written for probe ${probe}`, -result);
    },
    [Symbol.dispose]: () => libbpf.closeObject(object.handle),
  };
}

function sumOutgoing(values: Uint8Array, cpus: number): OutgoingCounters {
  const view = new DataView(values.buffer);
  const sum = (offset: number) => {
    let total = 0;
    for (let cpu = 0; cpu < cpus; cpu++) total += Number(view.getBigUint64(cpu * layout.sizeBytes + offset, true));
    return total;
  };
  return {
    passed: sum(layout.passed),
    written: sum(layout.written),
    stateless: sum(layout.stateless),
    present: sum(layout.present),
    noRoom: sum(layout.no_room),
    noCall: sum(layout.no_call),
    unsearched: sum(layout.unsearched),
    refused: sum(layout.refused),
    fault: sum(layout.fault),
  };
}

/** Without this capability the kernel does not have it (include/uapi/linux/capability.h). */
const sysAdmin = 21n;

/** Why the kernel does not have the helper for us: the load fails with EINVAL, whatever the reason is. */
function loadFailure(errno: number, log: string): BpfError {
  if (!/(unknown func|cannot use helper) bpf_probe_write_user/.test(log)) {
    return new BpfError('Loading the BPF program that writes headers', errno, { detail: log, impossible: true });
  }
  const setting = 'SIDESPAN_PROPAGATION=write is refused';
  const remedy = 'Leave SIDESPAN_PROPAGATION at `read`: requests then go out as the program made them.';
  if (!hasSysAdmin()) {
    return new BpfError(`${setting}: without CAP_SYS_ADMIN no BPF program may write to a process's memory`, 0, {
      remedy: `Grant CAP_SYS_ADMIN. Or: ${remedy}`,
      impossible: true,
    });
  }
  const mode = lockdownMode();
  const why = mode === undefined ? 'most likely it is locked down, as with Secure Boot' : `it is locked down (${mode})`;
  return new BpfError(
    `${setting}: this kernel lets no BPF program write to a process's memory (bpf_probe_write_user); ${why}`,
    0,
    { remedy: `${remedy} Only a kernel booted without lockdown allows more.`, impossible: true },
  );
}

function hasSysAdmin(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return effective === undefined || ((BigInt(`0x${effective}`) >> sysAdmin) & 1n) === 1n;
}

/** `integrity`; undefined where securityfs is not mounted, or nothing is locked down. */
function lockdownMode(): string | undefined {
  try {
    const mode = /\[(\w+)\]/.exec(readFileSync('/sys/kernel/security/lockdown', 'utf8'))?.[1];
    return mode === 'none' ? undefined : mode;
  } catch {
    return undefined;
  }
}
