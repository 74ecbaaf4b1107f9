import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { BinaryError, hex } from './binary-error.ts';

/** No single read is larger: whatever a file claims, this much memory is the most that one range costs. */
const maxReadBytes = 512 * 1024 * 1024;

/**
 * Small reads come in runs, some of them side by side: functions' code, and the tables of these. They are served from pieces
 * of this size, of which the last few are kept.
 */
const pieceBytes = 16 * 1024;
const maxPieces = 4;
const smallBytes = 4 * 1024;

/** So many at once where one is asked for after the other: a read has its price, whatever its size. */
const piecesInRow = 4;

/** Small reads share buffers: a listing of 100,000 functions has thousands of them. */
const sharedBytes = 64 * 1024;

interface Piece {
  readonly fileOffset: number;
  /** Of a buffer for `piecesInRow`, which is used again for another piece. */
  readonly bytes: Uint8Array;
}

/** An open regular file that is read by ranges, never as a whole. */
export class RangeFile implements Disposable {
  readonly path: string;
  readonly sizeBytes: number;
  #fd: number;
  /** The one that was used last comes first. */
  readonly #pieces: Piece[] = [];
  #shared: Uint8Array = new Uint8Array(0);
  #sharedFrom = 0;

  /** Throws a BinaryError (`unreadable`) if there is no regular file that can be opened. */
  constructor(path: string) {
    this.path = path;
    try {
      // O_NONBLOCK: a FIFO of that name must not hang the agent.
      this.#fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (cause) {
      throw openError(path, cause);
    }
    const stat = fstatSync(this.#fd);
    if (!stat.isFile()) {
      this[Symbol.dispose]();
      throw new BinaryError('this is not a regular file', { file: path }, 'Name an executable file.', {
        kind: 'unreadable',
      });
    }
    this.sizeBytes = stat.size;
  }

  /** `sizeBytes` bytes from `fileOffset`, in fresh memory; a BinaryError if the file does not hold them all. */
  read(fileOffset: number, sizeBytes: number): Uint8Array {
    this.#check(fileOffset, sizeBytes);
    if (sizeBytes > smallBytes) return this.#readWhole(fileOffset, sizeBytes);
    const bytes = this.#sharedMemory(sizeBytes);
    for (let done = 0; done < sizeBytes; ) {
      const piece = this.#pieceWith(fileOffset + done);
      const start = fileOffset + done - piece.fileOffset;
      const part = piece.bytes.subarray(start, start + sizeBytes - done);
      bytes.set(part, done);
      done += part.length;
    }
    return bytes;
  }

  #sharedMemory(sizeBytes: number): Uint8Array {
    if (this.#sharedFrom + sizeBytes > this.#shared.length) {
      this.#shared = new Uint8Array(sharedBytes);
      this.#sharedFrom = 0;
    }
    const start = this.#sharedFrom;
    // Aligned, for arrays of words.
    this.#sharedFrom += Math.ceil(sizeBytes / 8) * 8;
    return this.#shared.subarray(start, start + sizeBytes);
  }

  /** Fills `bytes` from `fileOffset` on; a BinaryError if the file does not hold them all. */
  readInto(bytes: Uint8Array, fileOffset: number): void {
    this.#check(fileOffset, bytes.length);
    let done = 0;
    while (done < bytes.length) {
      const count = this.#readSome(bytes, done, fileOffset + done);
      if (count === 0) {
        const place = { file: this.path, section: 'file', offset: fileOffset };
        throw new BinaryError('the file became shorter while it was read', place, 'Try again.');
      }
      done += count;
    }
  }

  #check(fileOffset: number, sizeBytes: number): void {
    // Not `fileOffset + sizeBytes > size`: sums beyond 2^53 round.
    const sound = fileOffset >= 0 && sizeBytes >= 0 && fileOffset <= this.sizeBytes;
    if (!sound || !(sizeBytes <= this.sizeBytes - fileOffset)) {
      throw new BinaryError(`${hex(sizeBytes)} bytes wanted, but the file ends at ${hex(this.sizeBytes)}`, {
        file: this.path,
        section: 'file',
        offset: fileOffset,
      });
    }
    if (sizeBytes > maxReadBytes) {
      throw new BinaryError(
        `${sizeBytes} bytes wanted in one piece, more than the limit of ${maxReadBytes}`,
        { file: this.path, section: 'file', offset: fileOffset },
        'Please report the binary: no known Go program has a table of this size.',
        { kind: 'unsupported' },
      );
    }
  }

  /** The piece that has the byte at that offset. */
  #pieceWith(wanted: number): Piece {
    const pieces = this.#pieces;
    const index = pieces.findIndex(
      ({ fileOffset, bytes }) => wanted >= fileOffset && wanted < fileOffset + bytes.length,
    );
    if (index >= 0) {
      const piece = pieces[index] as Piece;
      pieces.copyWithin(1, 0, index);
      pieces[0] = piece;
      return piece;
    }
    const fileOffset = wanted - (wanted % pieceBytes);
    const isNext = pieces.some((piece) => piece.fileOffset + piece.bytes.length === fileOffset);
    const last = pieces.length < maxPieces ? undefined : pieces.pop();
    const buffer = last?.bytes.buffer ?? new ArrayBuffer(pieceBytes * piecesInRow);
    const sizeBytes = isNext ? pieceBytes * piecesInRow : pieceBytes;
    const bytes = new Uint8Array(buffer, 0, Math.min(sizeBytes, this.sizeBytes - fileOffset));
    this.readInto(bytes, fileOffset);
    const piece = { fileOffset, bytes };
    pieces.unshift(piece);
    return piece;
  }

  #readWhole(fileOffset: number, sizeBytes: number): Uint8Array {
    // Every byte is written below: no need for zeros before.
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(sizeBytes).buffer);
    this.readInto(bytes, fileOffset);
    return bytes;
  }

  #readSome(bytes: Uint8Array, start: number, fileOffset: number): number {
    try {
      return readSync(this.#fd, bytes, start, bytes.length - start, fileOffset);
    } catch (cause) {
      const place = { file: this.path, section: 'file', offset: fileOffset };
      const closed = this.#fd === -1;
      throw new BinaryError(
        closed ? 'the file was read after it was closed' : `reading failed (${codeOf(cause)})`,
        place,
        closed ? 'This is a defect of Sidespan: please report it.' : 'Is the disk or network file system in order?',
        { kind: 'unreadable', cause },
      );
    }
  }

  [Symbol.dispose](): void {
    this.#pieces.length = 0;
    if (this.#fd !== -1) closeSync(this.#fd);
    this.#fd = -1;
  }
}

const openRemedies: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOENT: ['there is no such file', 'Check the path; of a process, /proc/PID/exe always leads to what it runs.'],
  ESRCH: ['the process has ended', 'Name a running process.'],
  EACCES: ['permission to read it is missing', 'Run as root, or with CAP_SYS_PTRACE for the files of other processes.'],
  EPERM: ['permission to read it is missing', 'Run as root, or with CAP_SYS_PTRACE for the files of other processes.'],
  ENOTDIR: ['a part of the path is not a directory', 'Check the path.'],
  ELOOP: ['the path leads in a circle of symbolic links', 'Check the path.'],
  EMFILE: ['this process has too many files open', 'Raise the limit (ulimit -n).'],
  ENXIO: ['this is not a regular file', 'Name an executable file.'],
};

function openError(path: string, cause: unknown): BinaryError {
  const code = codeOf(cause);
  const [what, remedy] = openRemedies[code] ?? [
    `it could not be opened (${code})`,
    'Check the path and its file system.',
  ];
  return new BinaryError(what, { file: path }, remedy, { kind: 'unreadable', cause });
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
}
