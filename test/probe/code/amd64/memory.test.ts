import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Decoder, DecoderOptions, InstructionInfoFactory, OpAccess, Register, RegisterExt } from 'iced-x86';
import { openGoBinary } from '../../../../src/binary/open-go-binary.ts';
import { isShuffle, memoryUse } from '../../../../src/probe/code/amd64/memory.ts';
import { goTarget } from '../../../support/go-target.ts';

const writes = new Set([OpAccess.Write, OpAccess.CondWrite, OpAccess.ReadWrite, OpAccess.ReadCondWrite]);
const reads = new Set([OpAccess.Read, OpAccess.CondRead, OpAccess.ReadWrite, OpAccess.ReadCondWrite]);

test('loads, stores and shuffles are what iced-x86 says of memory, in code of a whole program', async () => {
  using binary = openGoBinary(await goTarget('httpserver'));
  const factory = new InstructionInfoFactory();
  const counts = { load: 0, store: 0, shuffle: 0, instructions: 0 };
  const wrong: string[] = [];
  for (const fn of binary.functions()) {
    // A tenth is enough, and assembly is not asked about.
    if (fn.isAssembly || (fn.entryVaddr >> 5) % 10 !== 0) continue;
    const code = binary.read(fn.entryVaddr, fn.endVaddr - fn.entryVaddr);
    const decoder = new Decoder(64, code, DecoderOptions.None);
    for (let offset = 0; offset < code.length; ) {
      const instruction = decoder.decode();
      const info = factory.info(instruction);
      let [read, written] = [false, false];
      for (const used of info.usedMemory()) {
        const base = RegisterExt.fullRegister(used.base);
        const isConstant = used.base === Register.RIP || used.base === Register.None;
        if (base !== Register.RSP) written ||= writes.has(used.access);
        if (base !== Register.RSP && !isConstant) read ||= reads.has(used.access);
        used.free();
      }
      const use = memoryUse(code, offset);
      const shuffle = isShuffle(code, offset);
      counts.instructions++;
      if (use !== undefined) counts[use]++;
      if (shuffle) counts.shuffle++;
      const isRight = (use !== 'load' || read) && (use !== 'store' || written) && !(shuffle && (written || read));
      if (!isRight)
        wrong.push(`${fn.name}+0x${offset.toString(16)}: ${use} ${shuffle}, reads ${read}, writes ${written}`);
      offset += instruction.length;
      info.free();
      instruction.free();
    }
    decoder.free();
  }
  factory.free();
  assert.deepEqual(wrong.slice(0, 10), [], `${wrong.length} of ${counts.instructions}`);
  assert.ok(counts.load > 1000 && counts.store > 1000 && counts.shuffle > 1000, JSON.stringify(counts));
});
