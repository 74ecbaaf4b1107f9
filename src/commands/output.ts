import { CommandError } from './exit-code.ts';

/** Where a command writes text. */
export interface Output {
  readonly isTTY: boolean;
  /** Columns of the terminal; 80 where there is none. */
  readonly columns: number;
  /**
   * Writes text as it is. Once the reader has gone away nothing more is written and nothing thrown.
   * @throws CommandError when the text can't be written for any other reason (a full disk).
   */
  write(text: string): void;
  /** Writes text and a line feed. */
  line(text?: string): void;
}

type Stream = NodeJS.WriteStream;

/**
 * Wraps stdout or stderr. Failed writes arrive as `error` events after the fact; they are kept and thrown by the next
 * write, or found by `failure` at the end.
 * @param onClosed called once when the reader has gone away (EPIPE).
 */
export function openOutput(
  stream: Stream,
  name: 'stdout' | 'stderr',
  onClosed: () => void,
): Output & { failure(): CommandError | undefined } {
  let closed = false;
  let failure: CommandError | undefined;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') {
      if (!closed) {
        closed = true;
        onClosed();
      }
    } else {
      failure ??= writeFailure(name, error);
    }
  });
  const write = (text: string) => {
    if (failure) throw failure;
    if (!closed && text !== '') stream.write(text);
  };
  return {
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns || 80;
    },
    write,
    line: (text = '') => write(`${text}\n`),
    failure: () => failure,
  };
}

const causes: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Make room, or write elsewhere.',
  EDQUOT: 'the disk quota is used up. Make room, or write elsewhere.',
  EFBIG: 'the file is as large as it may get. Write elsewhere.',
  EIO: 'the device reports an error. See the kernel log.',
};

function writeFailure(name: string, error: NodeJS.ErrnoException): CommandError {
  const cause = causes[error.code ?? ''] ?? `${error.message}.`;
  return new CommandError(`${name}: the output can't be written: ${cause}`, 1, { cause: error });
}
