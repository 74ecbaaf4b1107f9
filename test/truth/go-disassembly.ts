/** What `go tool objdump` says of a program, function by function, as it is printed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { goToolchain } from '../support/go-toolchain.ts';

export interface Disassembled {
  readonly vaddr: number;
  /** In hex. */
  readonly bytes: string;
  /** `?…`: what that disassembler does not know, a byte at a time on amd64. */
  readonly text: string;
}

export interface Disassembly {
  readonly name: string;
  readonly entryVaddr: number;
  readonly instructions: readonly Disassembled[];
}

/** Streamed: a large program's text takes gigabytes. */
export async function* disassembly(executable: string, names = ''): AsyncGenerator<Disassembly> {
  const { go } = await goToolchain();
  const filter = names === '' ? [] : ['-s', names];
  const objdump = spawn(go, ['tool', 'objdump', ...filter, executable], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(objdump, 'exit');
  let name = '';
  let instructions: Disassembled[] = [];
  const current = () => ({ name, entryVaddr: instructions[0]?.vaddr ?? 0, instructions });
  for await (const line of createInterface({ input: objdump.stdout, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.startsWith('TEXT ')) {
      if (instructions.length > 0) yield current();
      name = line.slice(5, line.lastIndexOf('(SB)'));
      instructions = [];
      continue;
    }
    // Place, address, bytes, text: separated by tabs.
    const columns = line.split('\t').filter((column) => column !== '');
    const at = columns.findIndex((column) => column.startsWith('0x'));
    if (at < 0) continue;
    const [address = '', bytes = '', text = ''] = columns.slice(at).map((column) => column.trim());
    instructions.push({ vaddr: Number.parseInt(address, 16), bytes, text });
  }
  if (instructions.length > 0) yield current();
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`go tool objdump ${executable}: exit code ${code}`);
}
