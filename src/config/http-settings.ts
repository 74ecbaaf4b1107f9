import { splitItems } from './key-values.ts';
import { type Setting, withDefault } from './setting.ts';
import { BadValue, parsed, quoted, type ValueType } from './value-type.ts';

/** Of each list: they are looked up in one or two walks over a request's headers. */
const maxHeaders = 16;
/** PLAN_STRING_BYTES of bpf/event.h. */
const maxNameBytes = 56;
/** LABEL_CHOICES of bpf/event.h, but for that of HTTP/2's preface. */
const maxMethods = 15;

/** RFC 9110, 5.6.2: names of headers, and methods. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function tokens(what: string, most: number, value: string): string[] {
  const names = splitItems(value, ',');
  for (const name of names) {
    if (!token.test(name)) throw new BadValue(`${quoted(name)} is no ${what}`, 'Separate names by commas.');
    if (name.length > maxNameBytes) {
      throw new BadValue(`${quoted(name)} is longer than ${maxNameBytes} characters`, 'Leave it out.');
    }
  }
  if (names.length > most) throw new BadValue(`${names.length} names are too many`, `Give ${most} at most.`);
  return [...new Set(names)];
}

const headerNames: ValueType<readonly string[]> = {
  label: `list of up to ${maxHeaders} names, separated by commas`,
  schema: parsed((value) => tokens("header's name", maxHeaders, value.toLowerCase())),
  fromList: (parts) => parts.join(','),
};

const methodNames: ValueType<readonly string[]> = {
  label: `list of up to ${maxMethods} methods, separated by commas`,
  schema: parsed((value) => tokens('method', maxMethods, value)),
  fromList: (parts) => parts.join(','),
};

function headers(which: string, example: string): Setting<readonly string[]> {
  return withDefault<readonly string[]>({
    type: headerNames,
    fallback: '',
    otherwise: 'none',
    group: 'What to read of a call',
    description: `Headers of ${which}, which become attributes of its span. Those that \`SIDESPAN_REDACT\` hides are not read.`,
    example,
  });
}

/** As the specification's registry, and the semantic conventions, name them. */
export const httpSettings = {
  OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS: headers('requests that are served', 'x-request-id,accept'),
  OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_RESPONSE_HEADERS: headers('their responses', 'content-type,retry-after'),
  OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_REQUEST_HEADERS: headers('requests that are sent', 'x-request-id'),
  OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_RESPONSE_HEADERS: headers('their responses', 'content-type,age'),
  OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS: withDefault<readonly string[]>({
    type: methodNames,
    fallback: 'GET,POST,PUT,DELETE,PATCH,HEAD,OPTIONS,CONNECT,TRACE',
    group: 'What to read of a call',
    description:
      'Methods that spans and metrics name, upper and lower case as they are; all others are `_OTHER`, because clients may make them up.',
    example: 'GET,POST,PUT,DELETE,PATCH,HEAD,OPTIONS,PROPFIND',
  }),
};
