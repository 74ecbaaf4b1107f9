import type { Found, GoFunction } from '../../binary/go-binary.ts';
import type { GoType } from '../../binary/go-type.ts';
import { type ContextPlace, contextBase } from '../capture/context-place.ts';
import { fieldPath } from '../capture/field-path.ts';
import type { Abi } from '../code/calling-convention.ts';
import { firstStackArgument, registerSequences } from '../code/register-assignment.ts';
import type { FunctionSites } from '../code/site.ts';
import { preferredFunction } from '../code/site-finder.ts';
import type { PlanBuilder } from '../plan-builder.ts';
import { lacks } from '../preset/preset-site.ts';
import type { PlannedOutgoing, PresetReport } from '../probe-plan.ts';
import { outgoingHeaders, siteAction } from '../wire.ts';
import type { Outgoing, OutgoingSite, WordPlace } from './outgoing.ts';

const wordBytes = 8;
/** Pointers that the kernel side follows, one behind the other. */
const maxHops = 2;

/** Adds the sites at which a library's requests get headers. */
export function planOutgoing(builder: PlanBuilder, outgoing: Outgoing): PresetReport {
  const { name, of } = outgoing;
  const probes = builder.presetProbes.get(of) ?? [];
  if (probes.length === 0) return { name, unavailable: `${of} is not traced`, isAbsent: true, missing: [] };
  const ready: { site: OutgoingSite; fn: GoFunction; sites: FunctionSites; planned: PlannedOutgoing }[] = [];
  for (const site of outgoing.sites) {
    const fn = site.functions
      .map((each) => preferredFunction(builder.binary.functionsNamed(each)))
      .find((found) => found !== undefined);
    if (fn === undefined) return { name, unavailable: lacks(site.functions), isAbsent: true, missing: [] };
    const sites = site.where === 'exits' ? builder.finder.find(fn) : builder.finder.findEntry(fn);
    if (sites.unavailable !== undefined) return { name, unavailable: `${fn.name}: ${sites.unavailable}`, missing: [] };
    const planned = placesOf(builder, site, sites.value.abi);
    if (planned.unavailable !== undefined)
      return { name, unavailable: `${fn.name}: ${planned.unavailable}`, missing: [] };
    ready.push({ site, fn, sites: sites.value, planned: planned.value });
  }
  for (const { site, fn, sites, planned } of ready) {
    const vaddr = fn.entryVaddr + sites.entry.offset;
    // gRPC and net/http may write through the same module.
    if (builder.sites.some((other) => other.action === siteAction.writeBlock && other.vaddr === vaddr)) continue;
    // All but the first one ask for a call of whatever probe.
    for (const probe of site.action === 'pass' ? probes : [undefined]) {
      const action = siteAction[site.action];
      if (site.where === 'entry') builder.addEntry(fn, sites, action, probe, undefined, { outgoing: planned });
      else builder.addExits(fn, sites, action, probe, undefined, { outgoing: planned });
    }
  }
  return { name, missing: [] };
}

function placesOf(builder: PlanBuilder, site: OutgoingSite, abi: Abi): Found<PlannedOutgoing> {
  const key = site.key && wordPlace(builder, site.key, abi, site.where);
  if (key?.unavailable !== undefined) return key;
  const headers = site.headers && wordPlace(builder, site.headers, abi, site.where);
  if (headers?.unavailable !== undefined) return headers;
  const places = {
    key: key?.value,
    headers: headers?.value,
    headersKind: site.headers === undefined ? 0 : outgoingHeaders[site.headers.are],
  };
  if (site.action === 'writeBlock') {
    // HeadersFrameParam takes ten registers beside the receiver's.
    if (abi === 'registers' && registerSequences[builder.binary.arch].integer.length > 10) {
      return { unavailable: 'the block of headers is in registers, which can be read only' };
    }
    return { value: { ...places, parameterAt: firstStackArgument + (abi === 'stack' ? wordBytes : 0) } };
  }
  if (site.action !== 'writeLine') return { value: places };
  const writer = writerFields(builder);
  return writer.unavailable === undefined ? { value: { ...places, writer: writer.value } } : writer;
}

/** Of bufio.Writer. */
function writerFields({ binary }: PlanBuilder): Found<NonNullable<PlannedOutgoing['writer']>> {
  const type = binary.runtimeType('bufio.Writer');
  const at = (name: string) => type?.fields?.find((field) => field.name === name)?.offsetBytes;
  const [buffer, written, error] = ['buf', 'n', 'err'].map(at);
  if (buffer === undefined || written === undefined || error === undefined) {
    return { unavailable: 'the program does not describe bufio.Writer' };
  }
  return { value: { buffer, written, error } };
}

function wordPlace({ binary }: PlanBuilder, place: WordPlace, abi: Abi, where: 'entry' | 'exits'): Found<ContextPlace> {
  const { word, types = [], path } = place;
  const [first, second] = registerSequences[binary.arch].integer.slice(word);
  if (abi === 'stack' && where === 'exits') return { unavailable: 'its results are on the stack' };
  if (abi === 'registers' && first === undefined) return { unavailable: `its word ${word} is in no register` };
  const start =
    abi === 'stack'
      ? { base: contextBase.stack, first: firstStackArgument / wordBytes + word, second: 0 }
      : { base: contextBase.registers, first: first ?? 0, second: second ?? 0 };
  if (path === undefined) return { value: { ...start, at: [] } };
  const elem = types.map((name) => binary.runtimeType(name)).find((type) => type !== undefined);
  if (elem === undefined) return { unavailable: `the program has no type ${types.join(' or ')}` };
  const pointer: GoType = { kind: 'pointer', name: `*${elem.name}`, sizeBytes: 8, alignBytes: 8, elem };
  const paths = (typeof path === 'string' ? [path] : path).map((each) => fieldPath(pointer, each));
  const found = paths.find(({ value }) => value !== undefined);
  if (found?.value === undefined) return { unavailable: paths[0]?.unavailable ?? 'no path' };
  const { hops, at } = found.value;
  if (hops.length > maxHops) return { unavailable: `${path} leads too far` };
  return { value: { ...start, at: [...hops.slice(1).map((hop) => hop.at), at] } };
}
