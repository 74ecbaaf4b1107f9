import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { GoType } from '../../../src/binary/go-type.ts';
import { type AssignedValue, assignRegisters } from '../../../src/probe/code/register-assignment.ts';
import { goToolchain } from '../../support/go-toolchain.ts';
import { compilerPlaces, piecesOf, withoutPadding } from '../../truth/compiler-places.ts';
import { array, basic, interfaceType, pointer, slice, struct } from '../go-types.ts';

const run = promisify(execFile);
const text = basic('string');
const any = interfaceType('interface {}', false);

function assign(parameters: readonly GoType[], results: readonly GoType[] = [], arch: 'amd64' | 'arm64' = 'amd64') {
  const named = (types: readonly GoType[]) => types.map((type, i) => ({ name: `p${i}`, type }));
  return assignRegisters({ parameters: named(parameters), results: named(results) }, arch);
}

function show({ pieces }: AssignedValue): string {
  return pieces
    .map((piece) => {
      const place =
        'register' in piece
          ? `r${piece.register}`
          : 'floatRegister' in piece
            ? `f${piece.floatRegister}`
            : `sp+${piece.stackOffset}`;
      return `${place}:${piece.at}+${piece.sizeBytes}`;
    })
    .join(' ');
}

// abi-internal.md, "Example", with amd64's registers in place of its hypothetical ones.
test("the specification's example", () => {
  const { parameters, results } = assign(
    [basic('uint8'), array(2, basic('uintptr')), basic('uint8')],
    [
      struct('', [
        ['x', basic('uintptr')],
        ['y', array(2, basic('uintptr'))],
      ]),
      text,
    ],
  );
  assert.deepEqual(parameters.map(show), ['r0:0+1', 'sp+8:0+16', 'r3:0+1']);
  assert.deepEqual(results.map(show), ['sp+24:0+24', 'r0:0+8 r3:8+8']);
});

test('a value that does not fit goes to the stack whole, later ones still take the registers left', () => {
  const { parameters } = assign([
    ...Array.from({ length: 8 }, () => basic('int')),
    text,
    basic('int32'),
    basic('int16'),
    basic('int'),
  ]);
  assert.deepEqual(parameters.slice(7).map(show), ['r10:0+8', 'sp+8:0+16', 'r11:0+4', 'sp+24:0+2', 'sp+32:0+8']);
});

test('values of no size take no register but align the stack', () => {
  const nothing = struct('struct {}', []);
  const { parameters, results } = assign(
    [nothing, array(0, basic('int64')), array(2, basic('int8')), array(0, basic('int64')), array(2, basic('int8'))],
    [array(3, basic('int8'))],
  );
  assert.deepEqual(parameters.map(show), ['', '', 'sp+8:0+2', '', 'sp+16:0+2']);
  assert.deepEqual(results.map(show), ['sp+24:0+3']);
});

test('more than one element is passed on the stack, though it has no size', () => {
  const nothing = array(3, array(0, basic('int64')));
  const { parameters, results } = assign(
    [
      basic('int'),
      struct('', [
        ['a', text],
        ['b', basic('bool')],
        ['c', nothing],
        ['d', basic('uint16')],
      ]),
      basic('int'),
    ],
    [
      struct('', [
        ['a', array(1, array(2, struct('struct {}', [])))],
        ['b', basic('int')],
      ]),
    ],
  );
  assert.deepEqual(parameters.map(show), ['r0:0+8', 'sp+8:0+32', 'r3:0+8']);
  assert.deepEqual(results.map(show), ['sp+40:0+8']);
  const without = assign([
    struct('', [
      ['a', array(0, array(3, basic('int')))],
      ['b', basic('int')],
    ]),
  ]);
  assert.deepEqual(without.parameters.map(show), ['r0:0+8']);
});

test('arm64 has its own registers', () => {
  const { parameters } = assign([basic('int'), text, basic('float64'), any], [], 'arm64');
  assert.deepEqual(parameters.map(show), ['r0:0+8', 'r1:0+8 r2:8+8', 'f0:0+8', 'r3:0+8 r4:8+8']);
});

/** Types with their Go source, from a fixed seed: the same program every time, built once. */
function randomSignatures(count: number): { source: string; signatures: GoType[][] } {
  let state = 42;
  const pick = (n: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % n;
  };
  const scalars: GoType[] = (
    [
      'bool',
      'int8',
      'int16',
      'int32',
      'int64',
      'uint8',
      'uint16',
      'uint32',
      'uint64',
      'uintptr',
      'int',
      'float32',
      'float64',
      'complex64',
      'complex128',
      'string',
    ] as const
  ).map((kind) => basic(kind));
  const sourceOf = (type: GoType): string => {
    if (type.kind === 'struct')
      return `struct { ${(type.fields ?? []).map((f) => `${f.name} ${sourceOf(f.type)}`).join('; ')} }`;
    if (type.kind === 'array') return `[${type.length}]${type.elem ? sourceOf(type.elem) : ''}`;
    if (type.kind === 'slice') return `[]${type.elem ? sourceOf(type.elem) : ''}`;
    if (type.kind === 'pointer') return `*${type.elem ? sourceOf(type.elem) : ''}`;
    return type.name;
  };
  const randomType = (depth: number): GoType => {
    const kind = depth === 0 ? 0 : pick(12);
    const scalar = scalars[pick(scalars.length)] ?? basic('int');
    if (kind < 5) return scalar;
    if (kind === 5) return pointer(scalar);
    if (kind === 6) return slice(scalar);
    if (kind === 7) return any;
    if (kind === 8) return array(pick(4), randomType(depth - 1));
    return struct(
      '',
      Array.from({ length: 1 + pick(4) }, (_, i) => [`F${i}`, randomType(depth - 1)] as const),
    );
  };
  const signatures = Array.from({ length: count }, () => Array.from({ length: 1 + pick(9) }, () => randomType(3)));
  const lines = ['package main', ''];
  for (const [f, types] of signatures.entries()) {
    for (const [p, type] of types.entries()) lines.push(`var g${f}_${p} ${sourceOf(type)}`);
    const parameters = types.map((type, p) => `p${p} ${sourceOf(type)}`).join(', ');
    const uses = types.map((_, p) => `g${f}_${p} = p${p}`).join('; ');
    lines.push('//go:noinline', `func f${f}(${parameters}) { ${uses} }`);
  }
  const calls = signatures.map((types, f) => `\tf${f}(${types.map((_, p) => `g${f}_${p}`).join(', ')})`);
  return { source: [...lines, 'func main() {', ...calls, '}', ''].join('\n'), signatures };
}

test('200 random signatures are where the Go compiler says', { timeout: 300_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sidespan-abi-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const { source, signatures } = randomSignatures(200);
  await writeFile(join(folder, 'main.go'), source);
  await writeFile(join(folder, 'go.mod'), 'module sidespan.test/abi\n\ngo 1.22\n');
  const { go } = await goToolchain();
  const env = { ...process.env, GOFLAGS: '-buildvcs=false', CGO_ENABLED: '0' };
  await run(go, ['build', '-o', 'abi', '.'], { cwd: folder, env });
  let compared = 0;
  for await (const { functionName, name, expression } of compilerPlaces(join(folder, 'abi'))) {
    const types = signatures[Number(functionName.slice('main.f'.length))];
    const index = Number(name.slice(1));
    const type = types?.[index];
    if (types === undefined || type === undefined || expression === '-') continue;
    const expected = piecesOf(expression, type.sizeBytes, 'amd64');
    if (expected === undefined) continue;
    const assigned = assign(types).parameters[index];
    compared += 1;
    const [first] = expected;
    if (first !== undefined && 'stackOffset' in first) {
      // On the stack a value is one piece for us; DWARF lists its words.
      const start = { stackOffset: first.stackOffset - first.at, at: 0, sizeBytes: type.sizeBytes };
      assert.deepEqual(assigned?.pieces, [start], `${functionName} ${name} ${expression}`);
      continue;
    }
    assert.deepEqual(
      withoutPadding(assigned?.pieces ?? []),
      withoutPadding(expected),
      `${functionName} ${name} ${expression}`,
    );
  }
  assert.ok(compared > 700, `only ${compared} parameters had a location to compare with`);
});
