import { redacted } from '../redaction/redaction.ts';
import { redactedText } from '../redaction/secret-text.ts';
import { addrPortText, addrText, ipText, prefixText } from './address-text.ts';
import type { DecodeContext } from './decode-value.ts';
import { reflectContent } from './reflect-content.ts';
import type { Value, ValueContent } from './value.ts';
import { fieldNamed, textOf } from './value-parts.ts';

/** What stands for a value of a well-known type; undefined: it is shown as it is. */
type Presentation = (value: Value, context: DecodeContext) => ValueContent | undefined;

/** Types of the standard library whose fields say little: by name. The layouts are of Go 1.15 to 1.27. */
const presentations = new Map<string, Presentation>([
  ['net.IP', ({ value, encoding }) => ipText(value, encoding)],
  ['net/netip.Addr', addrText],
  ['net/netip.AddrPort', addrPortText],
  ['net/netip.Prefix', prefixText],
  ['net/url.URL', urlText],
  ['net/url.Userinfo', userText],
  ['sync.Mutex', mutexText],
  ['internal/sync.Mutex', mutexText],
  ['sync.RWMutex', readWriteMutexText],
  ['reflect.Value', reflectContent],
  ...['google/uuid', 'gofrs/uuid', 'gofrs/uuid/v5', 'satori/go.uuid'].map(
    (path) => [`github.com/${path}.UUID`, uuidText] as const,
  ),
  ['sync/atomic.Bool', (value) => mapped(fieldNamed(value, 'v')?.value, (v) => v !== 0)],
  ...['Int32', 'Int64', 'Uint32', 'Uint64', 'Uintptr'].map(
    (name) => [`sync/atomic.${name}`, (value: Value) => fieldNamed(value, 'v')?.value] as const,
  ),
]);

export function presented(value: Value, context: DecodeContext): Value {
  const presentation = presentations.get(value.goType);
  if (presentation === undefined || value.unavailable !== undefined) return value;
  const content = presentation(value, context);
  if (content === undefined) return value;
  const { encoding, ...rest } = value;
  return { ...rest, value: content };
}

function mapped<T>(content: ValueContent | undefined, map: (content: ValueContent) => T): T | undefined {
  return content === undefined ? undefined : map(content);
}

/** An array of 16 bytes. */
function uuidText({ value, encoding }: Value): string | undefined {
  if (typeof value !== 'string') return undefined;
  const hex = Buffer.from(value, encoding ?? 'utf8').toString('hex');
  return hex.length === 32 ? hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : undefined;
}

/** As url.URL's String() writes it, but for characters that it would escape. */
function urlText(value: Value): string | undefined {
  const parts = ['Scheme', 'Opaque', 'Host', 'Path', 'RawQuery', 'Fragment'].map((name) => partText(value, name));
  if (parts.includes(undefined)) return undefined;
  const [scheme, opaque, host, path, query, fragment] = parts as [string, string, string, string, string, string];
  const user = fieldNamed(value, 'User')?.value;
  const userinfo = typeof user === 'string' ? `${user}@` : '';
  const authority = host !== '' || userinfo !== '' || (scheme !== '' && opaque === '') ? `//${userinfo}${host}` : '';
  const start = `${scheme === '' ? '' : `${scheme}:`}${opaque === '' ? `${authority}${path}` : opaque}`;
  return `${start}${query === '' ? '' : `?${query}`}${fragment === '' ? '' : `#${fragment}`}`;
}

/** A field's text; what was cut ends with an ellipsis. */
function partText(value: Value, name: string): string | undefined {
  const field = fieldNamed(value, name);
  const text = textOf(field);
  return field?.truncated === undefined ? text : `${text}…`;
}

/** `user:REDACTED`: the password is hidden by its name. */
function userText(value: Value): string | undefined {
  const user = partText(value, 'username');
  if (user === undefined) return undefined;
  if (fieldNamed(value, 'passwordSet')?.value !== true) return user;
  const password = fieldNamed(value, 'password');
  const shown = password?.unavailable === redacted ? redactedText : textOf(password);
  return shown === undefined ? undefined : `${user}:${shown}`;
}

/** Of sync.Mutex's state (src/internal/sync/mutex.go): bit 0 locked, from bit 3 on the number of goroutines that wait. */
const mutexLocked = 1;
const mutexWaiterShift = 3;

function mutexText(value: Value): string | undefined {
  // Since Go 1.24 sync.Mutex holds an internal/sync.Mutex, whose text it takes.
  const inner = textOf(fieldNamed(value, 'mu'));
  if (inner !== undefined) return inner;
  const state = fieldNamed(value, 'state')?.value;
  if (typeof state !== 'number') return undefined;
  const waiting = state >>> mutexWaiterShift;
  const text = (state & mutexLocked) === 0 ? 'unlocked' : 'locked';
  return waiting === 0 ? text : `${text}, ${waiting} waiting`;
}

/** A writer that holds or awaits the lock takes this off the number of readers (src/sync/rwmutex.go, rwmutexMaxReaders). */
const writerPending = 1 << 30;

function readWriteMutexText(value: Value): string | undefined {
  const count = fieldNamed(value, 'readerCount')?.value;
  const waiting = fieldNamed(value, 'readerWait')?.value;
  if (typeof count !== 'number' || typeof waiting !== 'number') return undefined;
  if (count >= 0) return count === 0 ? 'unlocked' : `read-locked by ${count}`;
  const readers = count + writerPending;
  if (waiting > 0) return `read-locked by ${waiting}, a writer waiting`;
  return readers === 0 ? 'locked' : `locked, ${readers} readers waiting`;
}
