/**
 * Offsets in structs of Go's runtime, by the minor release of Go 1. Written by scripts/measure-go-layouts; not by hand.
 *
 * The last resort: every Go program describes these structs itself, and offsets have changed within a minor release.
 */
// biome-ignore format: a row is a release
const runtimeOffsets: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  // go1.15.15
  15: { 'runtime.g.stack': 0, 'runtime.g._panic': 32, 'runtime.g.goid': 152, 'runtime.g.sigcode0': 256, 'runtime.g.waitreason': 176, 'runtime.stack.hi': 8 },
  // go1.16.15
  16: { 'runtime.g.stack': 0, 'runtime.g._panic': 32, 'runtime.g.goid': 152, 'runtime.g.sigcode0': 256, 'runtime.g.waitreason': 176, 'runtime.stack.hi': 8 },
  // go1.17.13
  17: { 'runtime.g.stack': 0, 'runtime.g._panic': 32, 'runtime.g.goid': 152, 'runtime.g.sigcode0': 272, 'runtime.g.waitreason': 176, 'runtime.stack.hi': 8 },
  // go1.18.8
  18: { 'runtime.g.stack': 0, 'runtime.g._panic': 32, 'runtime.g.goid': 152, 'runtime.g.sigcode0': 272, 'runtime.g.waitreason': 176, 'runtime.stack.hi': 8 },
  // go1.19.4
  19: { 'runtime.g.stack': 0, 'runtime.g._panic': 32, 'runtime.g.goid': 152, 'runtime.g.sigcode0': 272, 'runtime.g.waitreason': 176, 'runtime.stack.hi': 8 },
  // go1.20.14
  20: { 'runtime.g.stack': 0, 'runtime.g._panic': 32, 'runtime.g.goid': 152, 'runtime.g.sigcode0': 272, 'runtime.g.waitreason': 176, 'runtime.stack.hi': 8 },
  // go1.21.13
  21: { 'runtime.g.stack': 0, 'runtime.g._panic': 32, 'runtime.g.goid': 152, 'runtime.g.sigcode0': 248, 'runtime.g.waitreason': 176, 'runtime.stack.hi': 8 },
  // go1.22.12
  22: { 'runtime.g.stack': 0, 'runtime.g._panic': 32, 'runtime.g.goid': 152, 'runtime.g.sigcode0': 248, 'runtime.g.waitreason': 176, 'runtime.stack.hi': 8, 'runtime._panic.fp': 64 },
  // go1.23.12
  23: { 'runtime.g.stack': 0, 'runtime.g._panic': 32, 'runtime.g.goid': 160, 'runtime.g.sigcode0': 256, 'runtime.g.waitreason': 184, 'runtime.stack.hi': 8, 'runtime._panic.fp': 64 },
  // go1.24.13
  24: { 'runtime.g.stack': 0, 'runtime.g._panic': 32, 'runtime.g.goid': 160, 'runtime.g.sigcode0': 256, 'runtime.g.waitreason': 184, 'runtime.stack.hi': 8, 'runtime._panic.fp': 64 },
  // go1.25.14
  25: { 'runtime.g.stack': 0, 'runtime.g._panic': 32, 'runtime.g.goid': 152, 'runtime.g.sigcode0': 248, 'runtime.g.waitreason': 176, 'runtime.stack.hi': 8, 'runtime._panic.fp': 64 },
  // go1.26.11
  26: { 'runtime.g.stack': 0, 'runtime.g._panic': 32, 'runtime.g.goid': 152, 'runtime.g.sigcode0': 256, 'runtime.g.waitreason': 176, 'runtime.stack.hi': 8, 'runtime._panic.fp': 56 },
  // go1.27.4
  27: { 'runtime.g.stack': 0, 'runtime.g._panic': 32, 'runtime.g.goid': 152, 'runtime.g.sigcode0': 256, 'runtime.g.waitreason': 176, 'runtime.stack.hi': 8, 'runtime._panic.fp': 56 },
};

/** The offset of `runtime.g.goid` and the like in a release; undefined for one that was not measured. */
export function measuredOffset(minor: number, field: string): number | undefined {
  return runtimeOffsets[minor]?.[field];
}
