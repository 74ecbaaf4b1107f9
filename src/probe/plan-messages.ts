import type { Found, GoBinary, GoFunction } from '../binary/go-binary.ts';
import { fieldPath } from './capture/field-path.ts';
import { registerSequences } from './code/register-assignment.ts';
import type { FunctionSites } from './code/site.ts';
import { preferredFunction } from './code/site-finder.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { ObjectPlace } from './probe-plan.ts';
import { type SiteAction, siteAction } from './wire.ts';

const grpc = 'google.golang.org/grpc';
const transport = `${grpc}/internal/transport`;

/** write(stream, header, …): one message each. The names since 1.69, and before. */
const senders = ['http2Server', 'http2Client', 'serverHandlerTransport'].map((type) => [
  `${transport}.(*${type}).write`,
  `${transport}.(*${type}).Write`,
]);
/** recvAndDecompress(parser, …) waits for a message; when that is there it calls checkRecvPayload, on the same goroutine. */
const awaits = `${grpc}.recvAndDecompress`;
const received = `${grpc}.checkRecvPayload`;
/** (*clientStream).retryLocked(…): its attempt has failed, another one may follow. */
const retries = `${grpc}.(*clientStream).retryLocked`;
const parserType = `${grpc}.parser`;

export interface MessageSite {
  readonly fn: GoFunction;
  readonly sites: FunctionSites;
  readonly action: SiteAction;
  readonly object: ObjectPlace;
}

/** Where messages of gRPC pass; undefined: the program has no grpc-go. All of them, or a reason: to miss some would be wrong. */
export function findMessageSites({ binary, finder }: PlanBuilder): Found<readonly MessageSite[] | undefined> {
  const registers = registerSequences[binary.arch].integer;
  const parser = binary.runtimeType(parserType);
  const stream = parser && fieldPath(parser, 'r').value;
  const header = parser && fieldPath(parser, 'header').value;
  const places = attemptPlaces(binary);
  const found: MessageSite[] = [];
  const add = (names: readonly string[], action: SiteAction, object: ObjectPlace): string | undefined => {
    const fn = names.map((name) => preferredFunction(binary.functionsNamed(name))).find((each) => each !== undefined);
    if (fn === undefined) return undefined;
    const sites = finder.findEntry(fn);
    if (sites.unavailable !== undefined) return `${fn.name}: ${sites.unavailable}`;
    if (sites.value.abi === 'stack') return `${fn.name}: its arguments are in no registers`;
    found.push({ fn, sites: sites.value, action, object });
    return undefined;
  };
  const [first = 0, second = 0, third = 0] = registers;
  for (const names of senders) {
    const reason = add(names, siteAction.messageSent, { register: second, at: third });
    if (reason !== undefined) return { unavailable: reason };
  }
  if (found.length === 0) return { value: undefined };
  // The interface's second word is the stream.
  if (stream === undefined || header?.at !== stream.at + 16) return { unavailable: `${parserType} is not as expected` };
  const reason =
    add([awaits], siteAction.messageAwaited, { register: first, at: stream.at + 8 }) ??
    add([received], siteAction.messageReceived, { register: first, at: 0 }) ??
    (places === undefined ? undefined : add([retries], siteAction.messageRetry, { register: first, at: places }));
  if (reason !== undefined) return { unavailable: reason };
  const isComplete = [siteAction.messageAwaited, siteAction.messageReceived].every((action) =>
    found.some((site) => site.action === action),
  );
  return isComplete ? { value: found } : { unavailable: `the program has no ${awaits} or no ${received} of its own` };
}

/** Of a client's call: offset of its attempt, and there of the stream. Undefined: the program makes no calls. */
function attemptPlaces(binary: GoBinary): number | undefined {
  const call = binary.runtimeType(`${grpc}.clientStream`);
  const attempt = call && fieldPath(call, 'attempt').value;
  const type = attempt?.type.elem;
  const stream = type && (fieldPath(type, 'transportStream').value ?? fieldPath(type, 's').value);
  return attempt && stream && attempt.at * 2 ** 16 + stream.at;
}

export function addMessageSites(builder: PlanBuilder, messageSites: readonly MessageSite[]): void {
  if (!builder.probes.some(({ description }) => description.kind.startsWith('rpc.'))) return;
  for (const { fn, sites, action, object } of messageSites)
    builder.addEntry(fn, sites, action, undefined, undefined, { object });
}
