import { choiceList, nameList, patternList } from './compound-type.ts';
import { duration } from './duration-type.ts';
import { percentageOrOff } from './percentage-type.ts';
import { redactionRules } from './redaction-rules.ts';
import { optional, withDefault } from './setting.ts';
import { choice, integer, onOff, path, size, text } from './value-type.ts';

/** Libraries that Sidespan knows by itself. */
export const presetNames = ['net/http', 'grpc', 'connect', 'database/sql', 'pgx', 'go-redis'] as const;

export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const;

/** The record of one call may take this much of the ring buffer: CAPTURE_BYTES of bpf/event.h. */
const maxCaptureBytes = 4096;
/** Of one process, with its inlined calls and presets: the kernel side has room for 4,096 probes. */
const mostFunctions = 3500;

const kib = 1024;
const mib = 1024 * kib;

/** Sidespan's own settings. A bad value of one of these is always an error. */
export const ownSettings = {
  SIDESPAN_TARGET_PID: optional({
    type: integer({ min: 1, max: 2 ** 22 }),
    group: 'What to trace',
    description: 'Trace the process with this id.',
    example: '4711',
    otherwise: 'in a container every Go process, else you are asked to choose',
  }),
  SIDESPAN_TARGET_EXE: optional({
    type: text,
    group: 'What to trace',
    description:
      'Trace the processes whose executable has this path or file name; `*` matches any characters, `?` one. Just `*` means every Go process.',
    example: '/app/*',
  }),
  SIDESPAN_TARGET_PORT: optional({
    type: integer({ min: 1, max: 65535 }),
    group: 'What to trace',
    description: 'Trace the processes that listen on this TCP port.',
    example: '8080',
  }),
  SIDESPAN_FUNCTIONS: withDefault<readonly string[]>({
    type: patternList,
    fallback: '',
    otherwise: 'none',
    group: 'What to trace',
    description:
      'Functions to trace: names or patterns, where `*` matches any characters and `?` one. The last element of a package path is enough. A signature may follow.',
    example: 'main.*;github.com/acme/shop/cart.(*Cart).Add',
  }),
  SIDESPAN_PRESETS: withDefault<readonly ((typeof presetNames)[number] | 'none')[]>({
    type: choiceList([...presetNames, 'none']),
    fallback: presetNames.join(','),
    group: 'What to trace',
    description:
      'Libraries whose requests and calls are traced: served, sent, asked of a database. `none` leaves only the functions that you name.',
    example: 'net/http',
  }),
  SIDESPAN_GOROUTINE_PARENTS: withDefault({
    type: choice(['context', 'start', 'none']),
    fallback: 'context',
    group: 'What to trace',
    description:
      'How a call finds its parent on another goroutine. `context`: by its `context.Context` or `*http.Request`, which leads to the request. `start`: also by the call in which its goroutine was started, as long as that one runs; a hit for each goroutine that starts, and wrong where a pool of goroutines grows on demand.',
    example: 'start',
  }),
  SIDESPAN_GOROUTINE_TIMES: withDefault({
    type: onOff,
    fallback: 'off',
    group: 'What to trace',
    description:
      'Whether spans say what their goroutine did meanwhile: how long it ran, could run but had to wait for a thread, was in system calls, was blocked and by what. Two to five hits each time that any goroutine of the process blocks or makes a system call.',
    example: 'on',
  }),
  SIDESPAN_REQUEST_PHASES: withDefault({
    type: onOff,
    fallback: 'off',
    group: 'What to trace',
    description:
      "Whether spans of HTTP requests say where their time went: a server's in the queue, in reading the body, in writing and in the handler; a client's in getting a connection and in waiting for the answer, on a new connection or a used one, and how often it was sent. Four more hits a request of a server and three a client's, and two each time that a handler reads of the body or the answer goes to the connection.",
    example: 'on',
  }),
  SIDESPAN_GRPC_MESSAGES: withDefault({
    type: onOff,
    fallback: 'off',
    group: 'What to trace',
    description:
      'Whether spans of gRPC calls say how many messages were sent and received, and their bytes. A hit for each message that is sent, two for each that is received.',
    example: 'on',
  }),
  SIDESPAN_PROPAGATION: withDefault({
    type: choice(['read', 'write']),
    fallback: 'read',
    group: 'What to trace',
    description:
      "Whether outgoing requests of net/http and gRPC clients get headers that tell of their trace, in the formats of `OTEL_PROPAGATORS`: `write` puts them into the program's own buffer where there is room for all and none is there yet. It writes to the program's memory; needs CAP_SYS_ADMIN and a kernel that is not locked down.",
    example: 'write',
  }),
  SIDESPAN_MAX_FUNCTIONS: withDefault({
    type: integer({ min: 1, max: mostFunctions }),
    fallback: '300',
    group: 'What to trace',
    description:
      'Most functions that the patterns may match together in one process; of more the first are traced, and the rest is said.',
    example: '2000',
  }),
  SIDESPAN_INLINED: withDefault({
    type: onOff,
    fallback: 'on',
    group: 'What to trace',
    description:
      'Count the calls of these functions that the compiler inlined. Each place is a probe, and small functions that are called often are what is inlined: `off` leaves them out, which is said.',
    example: 'off',
  }),

  SIDESPAN_CAPTURE_STRING_BYTES: withDefault({
    type: size({ min: 0, max: maxCaptureBytes }),
    fallback: '128',
    group: 'What to read of a call',
    description: 'Longest part that is read of a string.',
    example: '1024',
  }),
  SIDESPAN_CAPTURE_ELEMENTS: withDefault({
    type: integer({ min: 0, max: 255 }),
    fallback: '8',
    group: 'What to read of a call',
    description: 'Most elements that are read of a slice or array.',
    example: '32',
  }),
  SIDESPAN_CAPTURE_DEPTH: withDefault({
    type: integer({ min: 0, max: 8 }),
    fallback: '3',
    group: 'What to read of a call',
    description: 'Most pointers that are followed one behind the other.',
    example: '1',
  }),
  SIDESPAN_CAPTURE_BYTES: withDefault({
    type: size({ min: 64, max: maxCaptureBytes }),
    fallback: String(maxCaptureBytes),
    group: 'What to read of a call',
    description: 'Most bytes that are read of the arguments, and of the results, of one call.',
    example: '512',
  }),
  SIDESPAN_CAPTURE_CALLS_PER_SECOND: optional({
    type: integer({ min: 1, max: 10_000_000 }),
    group: 'What to read of a call',
    description:
      'Most calls of each function whose arguments and results are read in a second; of more only times and endings are known. Requests of servers are always read.',
    example: '100',
    otherwise: 'no limit',
  }),
  SIDESPAN_TRACES_PER_SECOND: optional({
    type: integer({ min: 1, max: 10_000_000 }),
    group: 'Spans',
    description:
      'Most traces that begin here and are kept in a second, of those that the sampler would keep. Metrics count all calls.',
    example: '100',
    otherwise: 'no limit',
  }),
  SIDESPAN_KEEP_ERRORS: withDefault({
    type: onOff,
    fallback: 'off',
    group: 'Spans',
    description:
      'Export calls that fail also of traces that the sampler does not keep: each such call by itself, marked by `sidespan.kept`. Every call is read at its beginning then.',
    example: 'on',
  }),
  SIDESPAN_KEEP_SLOWER_THAN: optional({
    type: duration,
    group: 'Spans',
    description: 'The same for calls that take longer than this.',
    example: '500ms',
    otherwise: 'none',
  }),
  SIDESPAN_CPU_BUDGET: withDefault({
    type: percentageOrOff,
    fallback: '5%',
    group: 'What to trace',
    description:
      'How much of one core tracing the functions of `SIDESPAN_FUNCTIONS` may take in each process: BPF programs and the traps that lead to them. Over it the most expensive ones are not traced for 30 seconds, then twice as long each time: said in the log, and in the ledger. Requests, queries and the like are always traced.',
    example: '20%',
  }),
  SIDESPAN_REDACT: withDefault({
    type: redactionRules,
    fallback: 'default',
    group: 'What to read of a call',
    description:
      'What is never shown: names of arguments, fields, map keys, headers and query parameters (`*` matches any characters, upper and lower case are one, `_` and `-` do not count), and `/regular expressions/` for parts of texts. `default` stands for the usual secrets: password, token, authorization, cookie, secret, API key, private key, session, credentials; bearer and basic credentials, JWTs, PEM private keys, passwords in URLs. `none` shows all.',
    example: 'default;*pin*;/\\b4\\d{15}\\b/',
  }),
  SIDESPAN_BAGGAGE_ATTRIBUTES: withDefault({
    type: nameList,
    fallback: '',
    otherwise: 'none',
    group: 'What to read of a call',
    description:
      "Keys of a request's baggage that become attributes of its span; `*` matches any characters. Anybody who can send a request can send baggage.",
    example: 'tenant.id,session.*',
  }),
  SIDESPAN_HTTP_ROUTE: withDefault({
    type: choice(['router', 'guess']),
    fallback: 'router',
    group: 'Spans',
    description:
      'Where the route of a request comes from. `router`: what a router matched, else there is none. `guess`: where no router said one, spans have the path with `{id}` in place of what looks like an identifier; a hundred different ones of a server, then `other`.',
    example: 'guess',
  }),
  SIDESPAN_DB_QUERY_TEXT: withDefault({
    type: onOff,
    fallback: 'on',
    group: 'What to read of a call',
    description:
      'Show the text of database queries, with `?` in place of all literals. Without it spans have the operation and the tables.',
    example: 'off',
  }),
  SIDESPAN_RING_BYTES: withDefault({
    type: size({ min: 64 * kib, max: 1024 * mib, powerOfTwo: true }),
    fallback: '8 MiB',
    group: 'What to read of a call',
    description: 'Size of the ring buffer between kernel and agent.',
    example: '32 MiB',
  }),
  SIDESPAN_MAX_GOROUTINES: withDefault({
    type: integer({ min: 64, max: 2 ** 22 }),
    fallback: '65536',
    group: 'What to read of a call',
    description:
      'Most goroutines that can be within a traced call at the same time. What was read of calls that still run takes up to 256 bytes for each in the agent, 16 MiB at least.',
    example: '500000',
  }),

  SIDESPAN_VIEWER: withDefault({
    type: onOff,
    fallback: 'on',
    group: 'Viewer and agent',
    description: 'Serve the embedded viewer.',
    example: 'off',
  }),
  SIDESPAN_VIEWER_HOST: withDefault({
    type: text,
    fallback: '127.0.0.1',
    group: 'Viewer and agent',
    description:
      'Address on which the viewer listens. It shows arguments and asks for no password: think before you widen it.',
    example: '0.0.0.0',
  }),
  SIDESPAN_VIEWER_PORT: withDefault({
    type: integer({ min: 0, max: 65535 }),
    fallback: '4380',
    group: 'Viewer and agent',
    description: 'TCP port of the viewer; 0 takes a free one.',
    example: '8000',
  }),
  SIDESPAN_LOG_LEVEL: optional<(typeof logLevels)[number]>({
    type: choice(logLevels),
    group: 'Viewer and agent',
    description: "What the agent says about itself on stderr. `debug` also shows errors' stack traces.",
    example: 'debug',
    otherwise: '`OTEL_LOG_LEVEL`, else `info`',
  }),
  SIDESPAN_SUMMARY_FILE: optional({
    type: path,
    group: 'Viewer and agent',
    description: 'Write the summary at the end (calls seen, exported, dropped by reason) as JSON to this file as well.',
    example: '/tmp/sidespan.json',
  }),
  SIDESPAN_LIBBPF: optional({
    type: path,
    group: 'Viewer and agent',
    description: "The libbpf library to load instead of the system's.",
    example: '/usr/local/lib/libbpf.so.1',
    otherwise: '`libbpf.so.1` as the system finds it',
  }),
  SIDESPAN_CONFIG: optional({
    type: path,
    group: 'Viewer and agent',
    description: 'YAML file with these settings under the same names. The environment wins over it.',
    example: '/etc/sidespan.yaml',
    notInFile: true,
  }),
};
