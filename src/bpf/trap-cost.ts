import type { SiteAddress } from './attach.ts';
import { mapCode } from './libc.ts';

/** What a hit costs beside the program's own time: the trap, and where the kernel does not emulate the instruction a single step. */
export interface TrapCost {
  readonly emulatedNs: number;
  readonly steppedNs: number;
  /** Why it is not measured but assumed. */
  readonly assumed?: string | undefined;
}

/** Of what other machines take about the least: nothing is taken out for a cost that it does not have. */
const leastCost = { emulatedNs: 600, steppedNs: 1200 } as const;

interface Loop {
  readonly begin: number;
  readonly site: number;
}

/** Two loops of machine code that run as often as their argument says, each with an instruction to be probed. */
interface Loops {
  readonly code: Uint8Array;
  readonly emulated: Loop;
  readonly stepped: Loop;
}

const loops: Readonly<Record<string, Loops>> = {
  x64: {
    code: amd64Loops(),
    emulated: { begin: 0, site: 16 },
    // What most exits are.
    stepped: { begin: 32, site: 48 },
  },
  arm64: {
    code: words([0x14000001, 0x71000400, 0x54ffffc1, 0xd65f03c0, 0xaa0103e1, 0x71000400, 0x54ffffc1, 0xd65f03c0]),
    // A branch; a RET is simulated as well.
    emulated: { begin: 0, site: 0 },
    // mov x1, x1
    stepped: { begin: 16, site: 16 },
  },
};

/** Each: call +11; dec edi; jne to the call; ret. What is called: jmp to the next; ret. And: ret. */
function amd64Loops(): Uint8Array {
  const loop = [0xe8, 11, 0, 0, 0, 0xff, 0xcf, 0x75, 0xf7, 0xc3];
  const code = new Uint8Array(64).fill(0xcc);
  code.set(loop, 0);
  code.set([0xeb, 0, 0xc3], 16);
  code.set(loop, 32);
  code.set([0xc3], 48);
  return code;
}

function words(instructions: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(instructions).buffer);
}

/** The least of so many rounds: a round that was interrupted takes longer. Some milliseconds in all, at 12 us a step. */
const rounds = 8;
const hitsPerRound = 64;
/** No such site: the program does nothing. */
const noSite = 0xffffffff;

/**
 * Measures on this machine what hits cost, by probes in code of our own: attaching and detaching take most of the time, 0.1 s.
 * Where that is not allowed the cost is assumed.
 */
export function measureTrapCost(
  attach: (pid: number, path: string, sites: readonly SiteAddress[]) => Disposable,
): TrapCost {
  const own = loops[process.arch];
  if (own === undefined) return { ...leastCost, assumed: `no code for ${process.arch}` };
  try {
    using code = mapCode(own.code);
    const least = ({ begin }: Loop): number => {
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < rounds; round++) {
        const begun = process.hrtime.bigint();
        code.call(begin, hitsPerRound);
        best = Math.min(best, Number(process.hrtime.bigint() - begun));
      }
      return best / hitsPerRound;
    };
    const without = { emulated: least(own.emulated), stepped: least(own.stepped) };
    const sites = [own.emulated, own.stepped].map(({ site }) => ({ fileOffset: site, cookie: noSite }));
    using _ = attach(process.pid, code.path, sites);
    return {
      emulatedNs: Math.max(0, least(own.emulated) - without.emulated),
      steppedNs: Math.max(0, least(own.stepped) - without.stepped),
    };
  } catch (error) {
    return { ...leastCost, assumed: error instanceof Error ? error.message : String(error) };
  }
}
