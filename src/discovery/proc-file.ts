import { closeSync, openSync, readlinkSync, readSync } from 'node:fs';

/** Why something under /proc/PID can't be read. `gone`: the process ended. */
export type ProcAbsence = 'gone' | 'no permission' | 'kernel thread' | 'zombie' | 'unreadable';

export type ProcResult<T> =
  | { readonly value: T; readonly absence?: undefined }
  | { readonly absence: ProcAbsence; readonly value?: undefined };

/** One buffer for all reads: they are synchronous, and what is kept is copied. */
const buffer = Buffer.alloc(64 * 1024);

/**
 * Reads a file of /proc as Latin-1 or UTF-8 text, at most `maxBytes` (the rest is cut off). The kernel makes such files
 * while they are read and gives them no size, so it reads until nothing comes.
 */
export function readProcText(path: string, maxBytes: number, encoding: 'utf8' | 'latin1' = 'utf8'): ProcResult<string> {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const first = readSync(fd, buffer, 0, Math.min(buffer.length, maxBytes), null);
    if (first < buffer.length && first < 4096) return { value: buffer.toString(encoding, 0, first) };
    const parts = [Buffer.from(buffer.subarray(0, first))];
    for (let total = first, count = first; count > 0 && total < maxBytes; total += count) {
      count = readSync(fd, buffer, 0, Math.min(buffer.length, maxBytes - total), null);
      parts.push(Buffer.from(buffer.subarray(0, count)));
    }
    return { value: Buffer.concat(parts).toString(encoding) };
  } catch (error) {
    return { absence: absenceOf(error) };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** What a symbolic link of /proc says. */
export function readProcLink(path: string): ProcResult<string> {
  try {
    return { value: readlinkSync(path) };
  } catch (error) {
    return { absence: absenceOf(error) };
  }
}

export function absenceOf(error: unknown): ProcAbsence {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ESRCH') return 'gone';
  return code === 'EACCES' || code === 'EPERM' ? 'no permission' : 'unreadable';
}
