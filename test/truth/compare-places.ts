/** Where every argument is at its function's entry, as computed by the ABI, beside what DWARF says. */
import type { GoFunction } from '../../src/binary/go-binary.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import type { Architecture, AssignedValue, Piece } from '../../src/probe/code/register-assignment.ts';
import { SiteFinder } from '../../src/probe/code/site-finder.ts';
import { functionTypes } from '../../src/probe/signature/function-types.ts';
import type { BinaryTruth } from './binary-truth.ts';
import { type CompilerPlace, compilerPlaces, piecesOf } from './compiler-places.ts';

export async function comparePlaces(executable: string): Promise<BinaryTruth> {
  using binary = openGoBinary(executable);
  using finder = new SiteFinder(binary);
  const counts = new Map<string, number>();
  const add = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  const mismatches: string[] = [];
  let functions = 0;

  const compareFunction = (entryVaddr: number, places: readonly CompilerPlace[]) => {
    const fn = binary.functionAt(entryVaddr);
    if (fn === undefined || fn.entryVaddr !== entryVaddr) return add('functions of DWARF that pclntab lacks');
    functions += 1;
    const signature = binary.signature(fn);
    const sites = finder.find(fn);
    if (signature.value === undefined) return add(`no signature: ${signature.unavailable}`);
    const assigned = functionTypes(binary, fn, sites.value, undefined);
    if (assigned.source !== 'dwarf') return add(`by ${assigned.source}: ${assigned.signature.unavailable ?? 'types'}`);
    add(`functions, arguments in: ${sites.value?.abi ?? finder.convention.abi}`);
    for (const [isResult, values] of [
      [false, assigned.parameters],
      [true, assigned.results],
    ] as const) {
      const said = places.filter((place) => place.isResult === isResult);
      for (const [index, place] of said.entries()) {
        // Debug information may leave some out: then names tell which is which.
        const same = values.filter(({ name }) => name === place.name);
        const value = said.length === values.length ? values[index] : same.length === 1 ? same[0] : undefined;
        const what = isResult ? 'results' : 'parameters';
        const verdict =
          value === undefined
            ? 'of a name that is not unique'
            : compareValue(value, assigned.parameters, place, binary.arch);
        if (verdict.startsWith('wrong') && isAbiWrapper(fn)) {
          add(`${what}: of an entry for assembly, which has them on the stack`);
        } else if (verdict.startsWith('wrong')) {
          mismatches.push(`${fn.name} ${place.name} ${value?.type.name}: ${verdict}`);
        } else {
          add(`${what}: ${verdict}`);
        }
      }
    }
  };

  const isAbiWrapper = (fn: GoFunction) => fn.isWrapper && binary.functionsNamed(fn.name).length > 1;

  let current: CompilerPlace[] = [];
  for await (const place of compilerPlaces(executable)) {
    const [first] = current;
    if (first !== undefined && first.entryVaddr !== place.entryVaddr) {
      compareFunction(first.entryVaddr, current);
      current = [];
    }
    current.push(place);
  }
  if (current[0] !== undefined) compareFunction(current[0].entryVaddr, current);
  return { functions, counts, mismatches };
}

/**
 * Equal, or why not. What DWARF does, seen in all releases: it leaves out words that the function does not read, and does
 * so without a gap; before 1.20 it repeats pieces; 1.17 tells an argument's home on the stack from the first instruction
 * on; of a parameter that is assigned before it is read it tells where the new value comes from, another parameter.
 */
function compareValue(value: AssignedValue, all: readonly AssignedValue[], place: CompilerPlace, arch: Architecture) {
  const { type, pieces } = value;
  if (type.sizeBytes === 0) return 'of no size';
  if (value.unavailable !== undefined) return value.unavailable;
  if (place.expression === '-') return 'DWARF has no location at entry';
  const said = piecesOf(place.expression, type.sizeBytes, arch);
  if (said === undefined) return 'DWARF has a computed value, not a place';
  const isOnStack = said.every((piece) => 'stackOffset' in piece);
  const [ours, theirs] = [
    placesOfBytes(pieces),
    placesOfBytes(said).filter((byte, i, list) => list.indexOf(byte) === i),
  ];
  const where = isOnStack ? 'on the stack' : 'in registers';
  if (ours.join() === theirs.join()) return `equal, ${where}`;
  // A single place has no size of its own.
  const needed = said.length === 1 ? theirs.slice(0, 1) : theirs;
  if (isPartOf(needed, ours)) return `equal, ${where}, as far as the value is needed`;
  if (!isStack(pieces) && said.some((piece) => 'stackOffset' in piece)) {
    return 'in a register; DWARF tells its later home on the stack';
  }
  const places = new Set(all.flatMap((each) => placesOfBytes(each.pieces)));
  if (theirs.every((byte) => places.has(byte))) return 'assigned before it is read; DWARF tells the new value';
  return `wrong: ours ${show(pieces)}, DWARF ${show(said)}`;
}

function isStack(pieces: readonly Piece[]): boolean {
  return pieces.every((piece) => 'stackOffset' in piece);
}

/** In the same order. */
function isPartOf(part: readonly string[], whole: readonly string[]): boolean {
  let at = -1;
  return part.every((byte) => {
    at = whole.indexOf(byte, at + 1);
    return at >= 0;
  });
}

/** The place of each byte. */
function placesOfBytes(pieces: readonly Piece[]): string[] {
  return pieces.flatMap((piece) =>
    Array.from({ length: piece.sizeBytes }, (_, n) => {
      if ('stackOffset' in piece) return `sp+${piece.stackOffset + n}`;
      return 'register' in piece ? `r${piece.register}.${n}` : `f${piece.floatRegister}.${n}`;
    }),
  );
}

function show(pieces: readonly Piece[]): string {
  return pieces
    .map((piece) => {
      if ('register' in piece) return `r${piece.register}+${piece.sizeBytes}`;
      return 'floatRegister' in piece ? `f${piece.floatRegister}+${piece.sizeBytes}` : `sp+${piece.stackOffset}`;
    })
    .join(' ');
}
