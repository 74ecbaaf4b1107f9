/** A real Go program as a test: where it comes from, how it is started and driven, what must be seen of it. */
import type { DebianSuite } from '../support/debian.ts';
import type { ModuleCommand } from '../support/go-module.ts';

export interface Program {
  /** Unique: 'etcd trixie'. */
  readonly name: string;
  readonly source: DebianSource | ModuleCommand;
  /** Of the executable within the unpacked packages. */
  readonly path?: string;
  /** Part of `npm test`; the others are run by `npm run test:programs` only. */
  readonly quick?: boolean;
  /** Its first three-part number in what it then prints is the version. */
  readonly versionArgs: readonly string[];
  readonly start: (here: Here) => Command;
  /** Resolves if it answers; called again while it throws. */
  readonly ready: (here: Here) => Promise<unknown>;
  /** The function that is traced: a pattern that matches this one alone. */
  readonly traced: string;
  /** A bounded number of requests, all answered when it returns. */
  readonly drive: (here: Here) => Promise<Sent>;
  /** What the program itself counts; read before and after, while no probe is attached. */
  readonly own?: { readonly name: string; readonly read: (here: Here) => Promise<number> };
}

export interface DebianSource {
  readonly suite: DebianSuite;
  readonly packages: readonly string[];
}

/** Where one run of a program takes place. */
export interface Here {
  /** Its own, empty at the start, goes with the test. */
  readonly folder: string;
  readonly executable: string;
  /** What the source gave, for clients that come with the program. */
  readonly unpacked: string;
  /** Free ports of 127.0.0.1. */
  readonly ports: readonly [number, number, number];
}

export interface Command {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Written before, by their names in the folder. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What the driver did, so what must be seen: no more and no less. */
export interface Sent {
  /** Calls of the traced function. */
  readonly calls: number;
  /** By `requestOf`: 'GET /metrics 200', or 'etcdserverpb.KV/Put' of gRPC. */
  readonly requests: Readonly<Record<string, number>>;
  /** Growth of the program's own counter; left out: as many as `calls`. */
  readonly own?: number;
}
