import type { Attributes } from '@opentelemetry/api';
import type { CallContent } from '../event/call.ts';
import type { Value } from '../event/value.ts';
import type { InlinedPlace, ProbeDescription } from '../probe/probe.ts';
import { type CallFailure, callError } from './call-error.ts';
import { type CallMeaning, SPAN_KIND, STATUS_ERROR, STATUS_UNSET } from './call-span.ts';
import { ATTR, SIDESPAN } from './semconv.ts';
import { contentJson } from './value-json.ts';

/** What is the same for all calls of a function. */
export interface FunctionFacts {
  readonly name: string;
  readonly functionName: string;
  readonly errorResult: number | undefined;
  /** Attributes of all its spans. */
  readonly attributes: Attributes;
}

export function functionFacts(probe: ProbeDescription): FunctionFacts {
  const { functionName, source, errorResult, typeSource, inlined } = probe;
  const attributes: Attributes = { [ATTR.CODE_FUNCTION_NAME]: functionName };
  if (source !== undefined) {
    attributes[ATTR.CODE_FILE_PATH] = source.file;
    attributes[ATTR.CODE_LINE_NUMBER] = source.line;
  }
  if (typeSource !== undefined) attributes[SIDESPAN.TYPE_SOURCE] = typeSource;
  if (inlined !== undefined) addPlace(attributes, inlined);
  return { name: shortFunctionName(functionName), functionName, errorResult, attributes };
}

/** `github.com/acme/shop/cart.(*Cart).Add` becomes `cart.(*Cart).Add`; the linker writes a dot in a path as `%2e`. */
export function shortFunctionName(name: string): string {
  // Type arguments and receivers may have slashes of their own: `maps.Keys[go.shape.map[net/http.x]…]`.
  const end = name.search(/[([]/);
  const path = end < 0 ? name : name.slice(0, end);
  return name.slice(path.lastIndexOf('/') + 1).replaceAll('%2e', '.');
}

export function functionMeaning(
  call: CallContent,
  facts: FunctionFacts,
  failure: CallFailure | undefined = functionFailure(call, facts),
): CallMeaning {
  const attributes: Attributes = {};
  addValues(attributes, argumentKeys, call.arguments);
  addValues(attributes, resultKeys, call.results);
  if (call.end !== 'returned') attributes[SIDESPAN.ENDED] = call.end;
  if (failure !== undefined) attributes[ATTR.ERROR_TYPE] = failure.type;
  return {
    name: facts.name,
    kind: SPAN_KIND.INTERNAL,
    status: failure?.status ?? STATUS_UNSET,
    shared: facts.attributes,
    attributes,
  };
}

/** Goexit ends a goroutine as wanted (testing.T.FailNow uses it); a panic and a non-nil `error` result are failures. */
export function functionFailure(
  call: Pick<CallContent, 'end' | 'results'>,
  facts: FunctionFacts,
): CallFailure | undefined {
  if (call.end === 'panic') return { type: 'panic', status: STATUS_ERROR };
  if (facts.errorResult === undefined) return undefined;
  return callError(call.results[facts.errorResult]);
}

/** An inlined call has but a beginning: its span is of no length. */
function addPlace(attributes: Attributes, { into, calledAt }: InlinedPlace): void {
  attributes[SIDESPAN.UNAVAILABLE] = ['arguments: inlined', 'results: inlined', 'duration: inlined'];
  attributes[SIDESPAN.INLINED_INTO] = into;
  if (calledAt === undefined) return;
  attributes[SIDESPAN.INLINED_FILE_PATH] = calledAt.file;
  attributes[SIDESPAN.INLINED_LINE_NUMBER] = calledAt.line;
}

function addValues(attributes: Attributes, keys: ValueKeys, values: readonly Value[]): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === undefined) continue;
    const key = keys(value.name === '' || value.name === '_' ? i : value.name);
    const content = value.value;
    if (content === undefined) {
      attributes[key.unavailable] = value.unavailable ?? 'not captured';
      continue;
    }
    const isScalar = typeof content === 'number' || typeof content === 'boolean' || typeof content === 'string';
    attributes[key.content] = isScalar ? content : content === null ? 'null' : contentJson(content);
    if (value.truncated !== undefined) attributes[key.truncated] = value.truncated.of;
    if (needsType(value)) attributes[key.type] = value.goType;
  }
}

/** Names of the attributes of one argument or result. */
interface ValueKey {
  readonly content: string;
  readonly type: string;
  readonly truncated: string;
  readonly unavailable: string;
}

type ValueKeys = (name: string | number) => ValueKey;

/** Parameters of all traced functions; joining a name anew costs a look-up by its text in every span. */
const MAX_KEYS = 8192;

function valueKeys(prefix: string): ValueKeys {
  const known = new Map<string | number, ValueKey>();
  return (name) => {
    const found = known.get(name);
    if (found) return found;
    const content = `${prefix}${name}`;
    const key = {
      content,
      type: `${content}.type`,
      truncated: `${content}.truncated`,
      unavailable: `${content}.unavailable`,
    };
    if (known.size < MAX_KEYS) known.set(name, key);
    return key;
  };
}

const argumentKeys = valueKeys(SIDESPAN.ARGUMENT_PREFIX);
const resultKeys = valueKeys(SIDESPAN.RESULT_PREFIX);

/** Where the text does not show what it is: JSON, a string that looks like it, an interface's dynamic type. */
function needsType(value: Value): boolean {
  if (value.goType === '') return false;
  if (value.type === 'INTERFACE') return true;
  if (typeof value.value !== 'string') return typeof value.value === 'object';
  const first = value.value.charCodeAt(0);
  return first === 0x5b /* [ */ || first === 0x7b /* { */;
}
