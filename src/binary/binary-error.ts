/** Where in a file something was found: a section or table (`.gopclntab`, `ELF header`) and the offset within it. */
export interface BinaryPlace {
  /** Path as the caller gave it. */
  readonly file: string;
  readonly section?: string | undefined;
  readonly offset?: number | undefined;
}

/**
 * For callers that decide by it: `unreadable` the file could not be opened or read; `not-elf`; `not-go`; `unsupported`
 * a sound file of a kind this reader does not know (32-bit, another architecture, an old Go); `damaged` all else.
 */
export type BinaryErrorKind = 'unreadable' | 'not-elf' | 'not-go' | 'unsupported' | 'damaged';

/** What to do when bytes contradict each other: by far the most frequent cause is an incomplete copy. */
export const cutShortRemedy = 'Is the file cut short or damaged? Copy or build it again.';

/**
 * An executable, or a part of it, can't be used. The message has the form
 * `api: .gopclntab+0x1f40: name offset 0x9c21 is past the table's end 0x4100. Is the file cut short …`.
 */
export class BinaryError extends Error {
  override readonly name = 'BinaryError';
  /** What is wrong, without the place: a clause without a full stop. */
  readonly what: string;
  readonly where: BinaryPlace;
  readonly kind: BinaryErrorKind;
  /** What the user can do: one or more full sentences. */
  readonly remedy: string;

  constructor(
    what: string,
    where: BinaryPlace,
    remedy: string = cutShortRemedy,
    options: { cause?: unknown; kind?: BinaryErrorKind } = {},
  ) {
    super(`${placeText(where)}: ${what}. ${remedy}`, options.cause === undefined ? {} : { cause: options.cause });
    this.kind = options.kind ?? 'damaged';
    this.what = what;
    this.where = where;
    this.remedy = remedy;
  }
}

function placeText({ file, section, offset }: BinaryPlace): string {
  if (section === undefined) return offset === undefined ? file : `${file}+${hex(offset)}`;
  return `${file}: ${section}${offset === undefined ? '' : `+${hex(offset)}`}`;
}

/** `0x1f40`; also for numbers that no offset should have (negative, fractions), which are then shown as they are. */
export function hex(value: number): string {
  return Number.isSafeInteger(value) && value >= 0 ? `0x${value.toString(16)}` : String(value);
}

/** The value, or undefined where reading it meets a BinaryError. */
export function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof BinaryError) return undefined;
    throw error;
  }
}
