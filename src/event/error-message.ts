import { getSystemErrorMap } from 'node:util';
import { boundsErrorText, runtimeErrorText, typeAssertionText } from './runtime-error.ts';
import type { Value, ValueContent } from './value.ts';
import { fieldNamed, fieldsOf, textOf } from './value-parts.ts';

/** Makes the text of an error's Error() from its decoded value; undefined where a part is missing. */
export type ErrorMessage = (value: Value) => string | undefined;

/** Errors of the standard library and of grpc-go whose text is made of more than one field. By type name. */
const messages: Readonly<
  Record<string, (field: (name: string) => string | undefined, value: Value) => string | undefined>
> = {
  'runtime.errorString': (_field, value) => runtimeErrorText(textOf(value)),
  'runtime.errorAddressString': (field) => runtimeErrorText(field('msg')),
  'runtime.boundsError': (_field, value) => runtimeErrorText(boundsErrorText(value)),
  '*runtime.TypeAssertionError': (field) => typeAssertionText(field('missingMethod')),
  '*runtime.PanicNilError': () => 'panic called with nil argument (use GODEBUG=panicnil=1 to disable)',
  'syscall.Errno': (_field, value) => errnoText(value.value),
  'context.deadlineExceededError': () => 'context deadline exceeded',
  'net.canceledError': () => 'operation was canceled',
  // Of connections that were to be made, and of those that were not read or written in time.
  '*net.timeoutError': () => 'i/o timeout',
  '*internal/poll.DeadlineExceededError': () => 'i/o timeout',
  '*io/fs.PathError': pathErrorText,
  // Its name until Go 1.15.
  '*os.PathError': pathErrorText,
  '*os.SyscallError': (field) => joined(field, (name, err) => `${name}: ${err}`, 'Syscall', 'Err'),
  '*os.LinkError': (field) =>
    joined(field, (op, from, to, err) => `${op} ${from} ${to}: ${err}`, 'Op', 'Old', 'New', 'Err'),
  '*os/exec.Error': (field) => joined(field, (name, err) => `exec: ${quoted(name)}: ${err}`, 'Name', 'Err'),
  '*strconv.NumError': (field) =>
    joined(field, (f, num, err) => `strconv.${f}: parsing ${quoted(num)}: ${err}`, 'Func', 'Num', 'Err'),
  '*encoding/json.SyntaxError': (field) => field('msg'),
  'net.UnknownNetworkError': (_field, value) => prefixed('unknown network ', textOf(value)),
  '*net.AddrError': (field) =>
    joined(field, (err, addr) => (addr === '' ? err : `address ${addr}: ${err}`), 'Err', 'Addr'),
  '*net/http.MaxBytesError': () => 'http: request body too large',
  '*net/url.Error': (field) => joined(field, (op, url, err) => `${op} ${quoted(url)}: ${err}`, 'Op', 'URL', 'Err'),
  '*net.OpError': opErrorText,
  '*net.DNSError': (field) =>
    joined(
      field,
      (name, err) => `lookup ${name}${field('Server') ? ` on ${field('Server')}` : ''}: ${err}`,
      'Name',
      'Err',
    ),
  '*crypto/tls.CertificateVerificationError': (field) =>
    joined(field, (err) => `tls: failed to verify certificate: ${err}`, 'Err'),
  // A hint at what was tried may follow.
  'crypto/x509.UnknownAuthorityError': () => 'x509: certificate signed by unknown authority',
  '*google.golang.org/grpc/internal/status.Error': (_field, value) => grpcStatusText(value),
  '*fmt.wrapError': (field) => field('msg'),
  '*fmt.wrapErrors': (field) => field('msg'),
  '*github.com/pkg/errors.fundamental': (field) => field('msg'),
  '*github.com/pkg/errors.withMessage': (field) => joined(field, (msg, cause) => `${msg}: ${cause}`, 'msg', 'cause'),
  '*github.com/pkg/errors.withStack': (field) => field('error'),
  '*errors.joinError': joinedText,
};

/** Not `Op`, `Name`, `Key`: around these Error() puts words. */
const messageField =
  /^(s|e|err|str|string)$|(msg|message|text|error|errorstring|reason|desc|description|detail|details)$/i;

/**
 * The rule for errors of that dynamic type: by the table above; else the value itself where it is a string; else the only
 * field of a struct like errors.errorString, whose name says that it is the message. Of any other type its fields are
 * shown: which of them Error() uses, and what it puts around them, can't be known.
 */
export function errorMessage(typeName: string): ErrorMessage {
  const rule = messages[typeName];
  if (rule !== undefined) return (value) => rule((name) => fieldText(value, name), value);
  return (value) => {
    if (typeof value.value === 'string' && value.truncated === undefined && value.type !== 'PTR') return value.value;
    const fields = fieldsOf(value);
    const [only] = fields;
    const isMessage = fields.length === 1 && only?.type === 'STRING' && messageField.test(only.name);
    return isMessage ? fieldText(value, only.name) : undefined;
  };
}

/** The code names of https://github.com/grpc/grpc-go/blob/v1.75.1/codes/codes.go. */
const grpcCodeNames = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
] as const;

/** status.Error {s *Status {s *spb.Status {Code, Message}}}. */
function grpcStatusText(value: Value): string | undefined {
  const inner = (of: Value | undefined) =>
    of === undefined ? undefined : fieldsOf(of).find(({ name }) => name === 's');
  const proto = inner(inner(value));
  if (proto === undefined) return undefined;
  const code = fieldsOf(proto).find(({ name }) => name === 'Code')?.value;
  const message = fieldText(proto, 'Message');
  if (typeof code !== 'number' || message === undefined) return undefined;
  return `rpc error: code = ${grpcCodeNames[code] ?? `Code(${code})`} desc = ${message}`;
}

function pathErrorText(field: (name: string) => string | undefined): string | undefined {
  return joined(field, (op, path, err) => `${op} ${path}: ${err}`, 'Op', 'Path', 'Err');
}

/** net.OpError: the operation, the network, the addresses where it has them. */
function opErrorText(field: (name: string) => string | undefined): string | undefined {
  const [op, err] = [field('Op'), field('Err')];
  if (op === undefined || err === undefined) return undefined;
  const net = field('Net');
  const [source, address] = [field('Source'), field('Addr')];
  const between = source && address ? '->' : source || !address ? '' : ' ';
  return `${op}${net ? ` ${net}` : ''}${source ? ` ${source}` : ''}${between}${address ?? ''}: ${err}`;
}

function joinedText(_field: unknown, value: Value): string | undefined {
  const errors = fieldsOf(value).find((field) => field.name === 'errs');
  if (errors === undefined || !Array.isArray(errors.value)) return undefined;
  const texts = (errors.value as readonly ValueContent[]).map((item) => {
    const text = item !== null && typeof item === 'object' && 'value' in item ? item.value : undefined;
    return typeof text === 'string' ? text : undefined;
  });
  if (texts.includes(undefined)) return `${errors.truncated?.of ?? texts.length} joined errors`;
  return texts.join('\n') + (errors.truncated ? `\n… (${errors.truncated.of} errors)` : '');
}

function errnoText(value: ValueContent | undefined): string | undefined {
  if (typeof value !== 'number') return undefined;
  // Errors of the machine we run on, which is the target's.
  return getSystemErrorMap().get(-value)?.[1] ?? `errno ${value}`;
}

function joined(
  field: (name: string) => string | undefined,
  text: (...parts: [string, string, string, string]) => string,
  ...names: string[]
): string | undefined {
  const parts = names.map(field);
  return parts.every((part) => part !== undefined) ? text(...(parts as [string, string, string, string])) : undefined;
}

/** A string field, or the text of an interface field. What was cut ends with an ellipsis. */
function fieldText(value: Value, name: string): string | undefined {
  const field = fieldNamed(value, name);
  if (field === undefined || field.value === undefined) return undefined;
  if (field.value === null && field.type === 'INTERFACE') return '';
  if (typeof field.value !== 'string') return undefined;
  return field.truncated === undefined ? field.value : `${field.value}…`;
}

function prefixed(prefix: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : prefix + text;
}

/** As Go's %q shows a plain text. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
