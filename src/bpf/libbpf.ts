import { existsSync } from 'node:fs';
import koffi, { type LibraryHandle } from 'koffi';
import { BpfError } from './bpf-error.ts';

/**
 * The functions of libbpf that Sidespan uses; all exist in libbpf 1.0 and later. uprobe_multi links, which only 1.3 and
 * later can make, are made by bpf(2) itself (link.ts), so that one path serves every version.
 */
export interface Libbpf {
  readonly path: string;
  /** `v1.5` */
  readonly version: string;
  readonly openFile: (path: string, options: bigint | Uint8Array | null) => bigint;
  readonly load: (object: bigint) => number;
  readonly closeObject: (object: bigint) => void;
  readonly findMap: (object: bigint, name: string) => bigint;
  /** The map behind `after`, 0: the first one; 0 behind the last. */
  readonly nextMap: (object: bigint, after: bigint) => bigint;
  readonly mapName: (map: bigint) => string;
  /** Makes the map another object's. */
  readonly reuseMap: (map: bigint, fd: number) => number;
  readonly mapFd: (map: bigint) => number;
  readonly setMaxEntries: (map: bigint, entries: number) => number;
  readonly setValueSize: (map: bigint, sizeBytes: number) => number;
  readonly setInitialValue: (map: bigint, bytes: Uint8Array, sizeBytes: number) => number;
  readonly findProgram: (object: bigint, name: string) => bigint;
  readonly programFd: (program: bigint) => number;
  readonly setExpectedAttachType: (program: bigint, type: number) => number;
  readonly setAutoload: (program: bigint, autoload: boolean) => number;
  readonly attachRawTracepoint: (program: bigint, name: string) => bigint;
  readonly destroyLink: (link: bigint) => number;
  readonly updateElement: (fd: number, key: Uint8Array, value: Uint8Array, flags: number) => number;
  readonly lookupElement: (fd: number, key: Uint8Array, value: Uint8Array) => number;
  readonly deleteElement: (fd: number, key: Uint8Array) => number;
  readonly nextKey: (fd: number, key: Uint8Array | null, next: Uint8Array) => number;
  readonly updateBatch: (fd: number, keys: Uint8Array, values: Uint8Array, count: Uint32Array) => number;
  /** `from` null: from the first bucket on; `to`: where the next batch begins. -2 (ENOENT): this was the last one. */
  readonly lookupBatch: (
    fd: number,
    from: Uint8Array | null,
    to: Uint8Array,
    keys: Uint8Array,
    values: Uint8Array,
    count: Uint32Array,
  ) => number;
  readonly possibleCpus: () => number;
  /** Whether the kernel offers a helper to programs of a type: 1 yes, 0 no, negative: it can't be told. */
  readonly probeHelper: (programType: number, helper: number, options: null) => number;
}

const usualPaths = ['libbpf.so.1', '/usr/lib/x86_64-linux-gnu/libbpf.so.1', '/usr/lib/aarch64-linux-gnu/libbpf.so.1'];

function loadLibrary(path: string | undefined): { library: LibraryHandle; path: string } {
  const candidates = path === undefined ? usualPaths : [path];
  const failures: string[] = [];
  for (const candidate of candidates) {
    if (candidate.startsWith('/') && !existsSync(candidate)) continue;
    try {
      return { library: koffi.load(candidate), path: candidate };
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new BpfError(`libbpf could not be loaded (${failures[0] ?? `${candidates[0]} does not exist`})`, 0, {
    remedy:
      'Install the package libbpf1 (Debian, Ubuntu) or libbpf (Fedora, Alpine), or name the file in SIDESPAN_LIBBPF.',
    impossible: true,
  });
}

/**
 * Loads libbpf and silences its own printing: failures are reported as errors, with the verifier's log.
 * @throws BpfError if there is no libbpf, or one before 1.0
 */
export function loadLibbpf(libraryPath?: string): Libbpf {
  const { library, path } = loadLibrary(libraryPath);
  try {
    const version = library.func('const char *libbpf_version_string(void)')() as string;
    library.func('void *libbpf_set_print(void *callback)')(null);
    const updateElem = library.func('int bpf_map_update_elem(int fd, void *key, void *value, uint64_t flags)');
    const nextKeyCall = library.func('int bpf_map_get_next_key(int fd, void *key, void *next)');
    const updateBatch = library.func(
      'int bpf_map_update_batch(int fd, void *keys, void *values, void *count, void *options)',
    );
    const lookupBatch = library.func(
      'int bpf_map_lookup_batch(int fd, void *from, void *to, void *keys, void *values, void *count, void *options)',
    );
    return {
      path,
      version,
      openFile: library.func('uintptr_t bpf_object__open_file(const char *path, void *options)') as never,
      load: library.func('int bpf_object__load(void *object)') as never,
      closeObject: library.func('void bpf_object__close(void *object)') as never,
      findMap: library.func('uintptr_t bpf_object__find_map_by_name(void *object, const char *name)') as never,
      nextMap: library.func('uintptr_t bpf_object__next_map(void *object, uintptr_t after)') as never,
      mapName: library.func('const char *bpf_map__name(void *map)') as never,
      reuseMap: library.func('int bpf_map__reuse_fd(void *map, int fd)') as never,
      mapFd: library.func('int bpf_map__fd(void *map)') as never,
      setMaxEntries: library.func('int bpf_map__set_max_entries(void *map, uint32_t entries)') as never,
      setValueSize: library.func('int bpf_map__set_value_size(void *map, uint32_t size)') as never,
      setInitialValue: library.func('int bpf_map__set_initial_value(void *map, void *bytes, size_t size)') as never,
      findProgram: library.func('uintptr_t bpf_object__find_program_by_name(void *object, const char *name)') as never,
      programFd: library.func('int bpf_program__fd(void *program)') as never,
      setExpectedAttachType: library.func(
        'int bpf_program__set_expected_attach_type(void *program, int type)',
      ) as never,
      setAutoload: library.func('int bpf_program__set_autoload(void *program, bool autoload)') as never,
      attachRawTracepoint: library.func(
        'uintptr_t bpf_program__attach_raw_tracepoint(void *program, const char *name)',
      ) as never,
      destroyLink: library.func('int bpf_link__destroy(void *link)') as never,
      updateElement: updateElem as never,
      lookupElement: library.func('int bpf_map_lookup_elem(int fd, void *key, void *value)') as never,
      deleteElement: library.func('int bpf_map_delete_elem(int fd, void *key)') as never,
      nextKey: nextKeyCall as never,
      updateBatch: (fd, keys, values, count) => updateBatch(fd, keys, values, count, null) as number,
      lookupBatch: (fd, from, to, keys, values, count) =>
        lookupBatch(fd, from, to, keys, values, count, null) as number,
      possibleCpus: library.func('int libbpf_num_possible_cpus(void)') as never,
      probeHelper: library.func('int libbpf_probe_bpf_helper(int type, int helper, void *options)') as never,
    };
  } catch (error) {
    throw new BpfError(`${path} is no libbpf 1.0 or later`, 0, {
      cause: error,
      remedy: 'Install libbpf 1.0 or later (Debian 12: libbpf1), or name the file in SIDESPAN_LIBBPF.',
      impossible: true,
    });
  }
}
