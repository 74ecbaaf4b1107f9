/** Every function and struct of whole programs, compared with Go's own reader of debug information. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { type Dwarf, openDwarf } from '../../../src/binary/dwarf/dwarf.ts';
import { parameterName, sourceName } from '../../../src/binary/dwarf/type-names.ts';
import { ElfFile } from '../../../src/binary/elf-file.ts';
import type { GoSignature } from '../../../src/binary/go-type.ts';
import { allGoVersions, type GoTargetOptions, goTarget } from '../../support/go-target.ts';
import { type ArgumentHome, argumentHomes } from './argument-homes.ts';
import { type DwarfFacts, dwarfFacts, type FunctionFact, type ParameterFact } from './facts.ts';

/** Loop bodies of iterator functions, of which not all parameters are listed, and cgo's stubs, which use the stack. */
const withoutSignature = /-range\d+$/;

const programs: readonly (readonly [program: string, options: GoTargetOptions])[] = [
  ...allGoVersions.map((go) => ['httpserver', { go }] as const),
  ['httpserver', { go: '1.22', buildmode: 'pie' }],
  ['httpserver', { buildmode: 'pie' }],
  ['types', { go: '1.22', gcflags: 'all=-N -l' }],
  ['types', { gcflags: 'all=-N -l' }],
  ['types', { ldflags: '-compressdwarf=false' }],
  // Linked by the system's linker, with units of C code among Go's.
  ['httpserver', { go: '1.26', buildmode: 'pie', ldflags: '-linkmode=external', env: { CGO_ENABLED: '1' } }],
];

/** Go's toolchains call it for cgo. */
const hasCCompiler = spawnSync('gcc', ['--version']).status === 0;

for (const [program, options] of programs) {
  const skip = options.env?.CGO_ENABLED === '1' && !hasCCompiler ? 'cgo needs gcc' : false;
  describe(`${program} ${JSON.stringify(options)}`, { skip }, () => {
    let facts: DwarfFacts;
    let dwarf: Dwarf;
    let elf: ElfFile;
    test('opens', async () => {
      const executable = await goTarget(program, options);
      facts = await dwarfFacts(executable);
      elf = new ElfFile(executable);
      dwarf = openDwarf(elf);
      assert.ok(facts.functions.length > 1000 && facts.structs.length > 300);
    });

    test('parameters and results have the names and types that debug/dwarf finds', () => {
      for (const fact of facts.functions) {
        const [, name, entryVaddr, parameters] = fact;
        if (withoutSignature.test(name)) {
          assert.match(dwarf.signature({ name, entryVaddr }).unavailable ?? '', /loop/);
          continue;
        }
        const signature = signatureOf(dwarf, fact);
        const shown = (list: GoSignature['parameters']) =>
          list
            .filter((parameter) => parameter.name !== '.dict')
            .map((parameter) => `${parameter.name} ${parameter.type.name}`);
        assert.deepEqual(shown(signature.parameters), expected(parameters, false), name);
        assert.deepEqual(shown(signature.results), expected(parameters, true), name);
      }
    });

    test('the ABI assigns the parameters to the registers that the compiler noted', () => {
      let compared = 0;
      for (const fact of facts.functions) {
        if (withoutSignature.test(fact[1]) || isAbi0(fact, facts)) continue;
        const { parameters } = signatureOf(dwarf, fact);
        const homes = argumentHomes(parameters).filter((_, index) => parameters[index]?.name !== '.dict');
        const inputs = fact[3].filter(([name, isResult]) => !isResult && name !== '.dict');
        for (const [index, input] of inputs.entries()) {
          if (input[3] === '' || contradicts(input, inputs)) continue;
          compared++;
          assertHome(homes[index], input, fact[1]);
        }
      }
      assert.ok(compared > facts.functions.length, `${compared} of ${facts.functions.length}`);
    });

    test('structs have the fields and offsets that debug/dwarf finds', () => {
      for (const [, name, sizeBytes, fields] of facts.structs) {
        const type = dwarf.type(name);
        assert.ok(type !== undefined, name);
        assert.deepEqual([type.kind, type.name, type.sizeBytes], ['struct', sourceName(name), sizeBytes]);
        assert.deepEqual(
          type.fields?.map((field) => [field.name, field.offsetBytes, field.type.name, field.embedded]),
          fields.map(([field, offset, fieldType, embedded]) => [field, offset, sourceName(fieldType), embedded]),
          name,
        );
        for (const { offsetBytes, type: fieldType } of type.fields ?? []) {
          assert.equal(offsetBytes % fieldType.alignBytes, 0, `${name} ${fieldType.name}`);
        }
        assert.equal(type.sizeBytes % type.alignBytes, 0, name);
      }
      elf[Symbol.dispose]();
    });
  });
}

function signatureOf(dwarf: Dwarf, [, name, entryVaddr]: FunctionFact): GoSignature {
  const found = dwarf.signature({ name, entryVaddr });
  assert.ok(found.value !== undefined, `${name}: ${found.unavailable}`);
  return found.value;
}

/** What debug/dwarf lists, without the results that the compiler lists twice; dictionaries are only there with -N. */
function expected(parameters: readonly ParameterFact[], results: boolean): string[] {
  const wanted = parameters.filter(([name, isResult]) => isResult === results && name !== '.dict');
  return wanted
    .filter(([name], index) => wanted.findIndex(([other]) => other === name) === index)
    .map(([name, , type]) => `${parameterName(name)} ${sourceName(type)}`);
}

/** Entries for callers in assembly: another function of that name has its arguments in registers. */
function isAbi0([, name, entryVaddr, parameters]: FunctionFact, facts: DwarfFacts): boolean {
  // cgo's calls of C functions.
  if (/\._(C2?func_|cgo_cmalloc$)/.test(name)) return true;
  if (parameters.some(([, , , home]) => home.includes('r'))) return false;
  return facts.functions.some((other) => other[1] === name && other[2] !== entryVaddr);
}

/**
 * The compiler's places have faults (6 of 24,000 in the go command): one register that holds two things, and parameters
 * that are said to be where they are moved to later.
 */
function contradicts([name, , , home]: ParameterFact, inputs: readonly ParameterFact[]): boolean {
  const moved = home.includes('deref') || (home.includes('@') && (home.includes('r') || parameterName(name) === ''));
  if (moved) return true;
  const all = inputs.flatMap(([, , , other]) => numbersIn(other, 'r'));
  return numbersIn(home, 'r').some((register) => all.filter((other) => other === register).length > 1);
}

/** Parts of a parameter that are not used may have no place. */
function assertHome(computed: ArgumentHome | undefined, [name, , type, home]: ParameterFact, where: string): void {
  const message = `${where}: ${name} ${type} is at ${home}, computed ${JSON.stringify(computed)}`;
  assert.ok(computed !== undefined, message);
  const registers = numbersIn(home, 'r');
  if (registers.length === computed.registers.length) assert.deepEqual(registers, computed.registers, message);
  else assert.ok(registers.length > 0 && registers.every((register) => computed.registers.includes(register)), message);
  for (const offset of numbersIn(home, '@')) {
    assert.ok(computed.registers.length === 0, message);
    const end = computed.stackOffset + Math.max(computed.sizeBytes, 1);
    assert.ok(offset >= computed.stackOffset && offset < end, message);
  }
}

function numbersIn(home: string, prefix: 'r' | '@'): number[] {
  return [...home.matchAll(prefix === 'r' ? /\br(\d+)/g : /@(-?\d+)/g)].map(([, number]) => Number(number));
}
