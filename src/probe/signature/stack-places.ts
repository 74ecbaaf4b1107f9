import type { GoBinary, GoFunction } from '../../binary/go-binary.ts';
import type { GoParameter, GoSignature } from '../../binary/go-type.ts';
import {
  type Architecture,
  type AssignedValue,
  type Assignment,
  firstStackArgument,
} from '../code/register-assignment.ts';
import { untold } from './untyped-arguments.ts';

const wordBytes = 8;

/** Of the value that stands for them. */
export const unlistedReason = 'parameters without a name are not in the debug information';

/** From the canonical frame address, which is SP before the call, to SP at the first instruction: amd64 has pushed the return address. */
const cfaAboveSp: Readonly<Record<Architecture, number>> = { amd64: 8, arm64: 0 };

/** Of a parameter that no source places for sure. */
export const uncertainReason = 'a parameter without a name may lie in front of it, and nothing tells where it is';

/**
 * Where arguments and results of a function lie on the stack (ABI0) if the debug information may have left out parameters
 * without a name. Those listed are in order. So one lies nowhere before the place that it has if none is missing in front
 * of it, and nowhere behind the one that leaves just room for those that follow: the frame's size is known, and results are
 * all listed. In between it is where the debug information says, which it does of most that the function uses. What is still
 * open is said to be.
 * @returns undefined: such arguments can't lie in the frame
 */
export function stackPlaces(
  binary: GoBinary,
  fn: GoFunction,
  signature: GoSignature,
  isMethod: boolean,
): Assignment | undefined {
  const argumentBytes = binary.argumentBytes(fn);
  const { parameters, results, resultsUnavailable } = signature;
  if (argumentBytes === undefined || (results.length > 1 && results.some(isEmpty))) return undefined;
  const resultStarts = startsInOrder(results, new Map());
  const resultBytes = wordEnd(endOf(results, resultStarts));
  const end = wordEnd(argumentBytes) - (resultsUnavailable === undefined ? resultBytes : 0);
  const told = toldStarts(binary, fn, parameters);
  const earliest = startsInOrder(parameters, told);
  const latest = listsAll(signature, isMethod) ? earliest : latestStarts(parameters, told, end);
  const isPossible = earliest.every(
    (start, index) => start <= (latest[index] ?? -1) && start === (told.get(index) ?? start),
  );
  if (!isPossible || endOf(parameters, earliest) > end) return undefined;
  const placed = parameters.map((parameter, index) => {
    const [start = 0, last] = [earliest[index], latest[index]];
    if (start === last || isEmpty(parameter)) return onStack(parameter, start);
    return { ...parameter, pieces: [], unavailable: uncertainReason };
  });
  const withoutMore = wordEnd(endOf(parameters, startsInOrder(parameters, new Map())));
  const hasMore = resultsUnavailable === undefined && !parameters.some(isEmpty) && withoutMore < end;
  return {
    parameters: hasMore ? [...placed, untold(unlistedReason)] : placed,
    results: results.map((result, index) => onStack(result, end + (resultStarts[index] ?? 0))),
  };
}

/** The debug information lists parameters by their places. Those of no size, which may align what follows, stand anywhere there. */
function isEmpty({ type }: GoParameter): boolean {
  return type.sizeBytes === 0;
}

function listsAll({ parameters, parameterCount }: GoSignature, isMethod: boolean): boolean {
  if (parameterCount === undefined || parameters.some(isEmpty)) return false;
  return parameters.length === parameterCount + (isMethod ? 1 : 0);
}

/** Bytes above the first stack argument, by the parameter's index. */
function toldStarts(binary: GoBinary, fn: GoFunction, parameters: readonly GoParameter[]): ReadonlyMap<number, number> {
  const offsets = binary.argumentOffsets(fn);
  const above = cfaAboveSp[binary.arch] - firstStackArgument;
  return new Map(
    parameters.flatMap((parameter, index): [number, number][] => {
      const offset = offsets.get(parameter.name);
      return offset === undefined || isEmpty(parameter) ? [] : [[index, offset + above]];
    }),
  );
}

/** Each behind the one before, where it is not told; from 0 on. */
function startsInOrder(values: readonly GoParameter[], told: ReadonlyMap<number, number>): number[] {
  let end = 0;
  return values.map((value, index) => {
    const start = isEmpty(value) ? end : Math.max(told.get(index) ?? 0, alignUp(end, value.type.alignBytes));
    end = start + value.type.sizeBytes;
    return start;
  });
}

/** Each in front of the next, or of the end. */
function latestStarts(values: readonly GoParameter[], told: ReadonlyMap<number, number>, end: number): number[] {
  let next = end;
  const starts = values.toReversed().map(({ type }, fromEnd) => {
    const start = type.sizeBytes === 0 ? next : alignDown(next - type.sizeBytes, type.alignBytes);
    next = Math.min(start, told.get(values.length - 1 - fromEnd) ?? start);
    return next;
  });
  return starts.reverse();
}

function endOf(values: readonly GoParameter[], starts: readonly number[]): number {
  return (starts.at(-1) ?? 0) + (values.at(-1)?.type.sizeBytes ?? 0);
}

function wordEnd(bytes: number): number {
  return alignUp(bytes, wordBytes);
}

function alignUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

function alignDown(offset: number, alignment: number): number {
  return Math.floor(offset / alignment) * alignment;
}

function onStack(parameter: GoParameter, start: number): AssignedValue {
  const { sizeBytes } = parameter.type;
  if (isEmpty(parameter)) return { ...parameter, pieces: [] };
  return { ...parameter, pieces: [{ stackOffset: firstStackArgument + start, at: 0, sizeBytes }] };
}
