/** Of how many functions every argument and result can be read, and where SP is at the sites for floats beside pclntab's word. */
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { floatParts } from '../../src/probe/capture/float-plan.ts';
import type { FloatSite } from '../../src/probe/code/float-sites.ts';
import { SiteFinder } from '../../src/probe/code/site-finder.ts';
import { functionTypes } from '../../src/probe/signature/function-types.ts';
import type { BinaryTruth } from './binary-truth.ts';
import { stackDepthReader } from './stack-depths.ts';

export async function compareFloats(executable: string): Promise<BinaryTruth> {
  using binary = openGoBinary(executable);
  using finder = new SiteFinder(binary);
  using stack = stackDepthReader(executable, binary.buildInfo.goVersion);
  const counts = new Map<string, number>();
  const add = (key: string, number = 1) => counts.set(key, (counts.get(key) ?? 0) + number);
  const mismatches: string[] = [];
  let functions = 0;
  for (const fn of binary.functions()) {
    const sites = finder.find(fn);
    if (sites.value === undefined) continue;
    functions += 1;
    const { source, parameters, results } = functionTypes(binary, fn, sites.value, undefined);
    if (source === 'registers') {
      add('arguments: not known, registers are shown');
      continue;
    }
    const [wanted, returned] = [floatParts(parameters), floatParts(results)];
    const floats = finder.findFloats(fn, sites.value, wanted, returned);
    const read = partsOf(floats.bodies);
    const hasAll = wanted.every((_, part) => read.has(part));
    add(hasAll ? 'arguments: every one is read' : 'arguments: some stay in float registers');
    if (wanted.length > 0) {
      add('with floats among the arguments');
      if (hasAll) add('with floats among the arguments, every one is read');
    }
    if (returned.length > 0) {
      const exits = sites.value.exits.filter(({ kind }) => kind === 'return');
      const known = exits.filter(({ offset }) => floats.exits.get(offset)?.places.size === returned.length);
      add('with floats among the results');
      if (known.length === exits.length) add('with floats among the results, every one is read at every RET');
      else if (known.length > 0) add('with floats among the results, every one is read at some RETs');
    }
    const depths = stack.of(fn);
    for (const { offset, frameBytes, emulated } of [...floats.bodies, ...floats.exits.values()]) {
      const depth = depths(offset);
      add(`sites for floats${emulated ? ', emulated' : ''}`);
      add(depth === undefined ? 'SP not told' : 'SP compared');
      if (depth !== undefined && depth !== frameBytes) {
        mismatches.push(
          `${fn.name} +0x${offset.toString(16)}: SP ${frameBytes} below the entry's, by pclntab ${depth}`,
        );
      }
    }
  }
  return { functions, counts, mismatches };
}

function partsOf(sites: readonly FloatSite[]): Set<number> {
  return new Set(sites.flatMap(({ places }) => [...places.keys()]));
}
