/** Random values of the truth tests' types: as a Go expression, and as what Sidespan must say of it. */
import { type Dice, oneOf } from './dice.ts';
import { sourceName, type TypeModel } from './go-types.ts';

export type Expected =
  /** Of a capture's leaf, as JSON has it. */
  | { readonly is: 'leaf'; readonly goType: string; readonly value: unknown; readonly float?: boolean }
  | { readonly is: 'bytes'; readonly goType: string; readonly bytes: Buffer }
  | { readonly is: 'struct'; readonly goType: string; readonly fields: readonly (readonly [string, Expected])[] }
  | { readonly is: 'list'; readonly goType: string; readonly items: readonly Expected[] }
  | { readonly is: 'pointer'; readonly goType: string; readonly target: Expected }
  | { readonly is: 'interface'; readonly goType: string; readonly value: Expected }
  | {
      readonly is: 'map';
      readonly goType: string;
      readonly entries: readonly { readonly key: Expected; readonly value: Expected }[];
    };

export interface ValueModel {
  readonly go: string;
  readonly expected: Expected;
}

const texts = ['', 'x', 'plain', 'żółw', 'two\nlines', '日本語', '"quoted" \\', 'a somewhat longer text of 37 bytes..'];
const floats = [0, 1, -1, 0.1, 1.5, -2.25, 1e300, -0.625e-3, 1e-7, 16777216];

export function randomValue(dice: Dice, type: TypeModel, depth = 0): ValueModel {
  const goType = type.name;
  const leaf = (go: string, value: unknown): ValueModel => ({ go, expected: { is: 'leaf', goType, value } });
  const convert = (go: string) => `${parenthesized(sourceName(goType))}(${go})`;
  const nil = () => leaf(convert('nil'), null);
  switch (type.kind) {
    case 'int':
    case 'uint': {
      const value = randomInteger(dice, type.sizeBytes, type.kind === 'int');
      return leaf(convert(String(value)), jsonInteger(value));
    }
    case 'float': {
      const value = randomFloat(dice, type.sizeBytes);
      return { go: convert(goFloat(value)), expected: { is: 'leaf', goType, value: value, float: true } };
    }
    case 'complex': {
      const [real, imaginary] = [randomFloat(dice, type.sizeBytes / 2), randomFloat(dice, type.sizeBytes / 2)];
      const value = { real: real, imaginary: imaginary };
      return {
        go: convert(`complex(${goFloat(real)}, ${goFloat(imaginary)})`),
        expected: { is: 'leaf', goType, value, float: true },
      };
    }
    case 'bool': {
      const value = dice.below(2) === 1;
      return leaf(convert(String(value)), value);
    }
    case 'string': {
      const value = randomText(dice);
      return { go: convert(goString(value)), expected: { is: 'bytes', goType, bytes: Buffer.from(value) } };
    }
    case 'bytes': {
      if (dice.below(6) === 0) return nil();
      const text = dice.below(2) === 0;
      const bytes = text ? Buffer.from(randomText(dice)) : Buffer.from(randomItems(dice, 20, () => dice.below(256)));
      return { go: `[]byte{${[...bytes].join(', ')}}`, expected: { is: 'bytes', goType, bytes } };
    }
    case 'duration': {
      const value = randomInteger(dice, 8, true);
      return leaf(convert(String(value)), jsonInteger(value));
    }
    case 'time': {
      if (dice.below(6) === 0) return leaf('time.Time{}', '0001-01-01T00:00:00Z');
      const [seconds, nanoseconds] = [dice.bits32(), oneOf(dice, [0, 5, 1000, 120_000_000, 999_999_999])];
      const fraction = nanoseconds === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`;
      const value = `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction}Z`;
      return leaf(`time.Unix(${seconds}, ${nanoseconds}).UTC()`, value);
    }
    case 'func':
      if (dice.below(4) === 0) return nil();
      return dice.below(2) === 0 ? leaf('double', 'main.double') : leaf('triple', 'main.triple');
    case 'any':
      return randomAny(dice);
    case 'error':
      return randomError(dice);
    case 'struct': {
      const fields = type.fields.map((field) => ({ field, value: randomValue(dice, field.type, depth + 1) }));
      return {
        go: `${sourceName(goType)}{${fields.map(({ field, value }) => `${field.name}: ${value.go}`).join(', ')}}`,
        expected: {
          is: 'struct',
          goType,
          fields: fields.map(({ field, value }) => [field.name, value.expected] as const),
        },
      };
    }
    case 'array': {
      const items = Array.from({ length: type.length }, () => randomValue(dice, type.elem, depth + 1));
      return listOf(items, goType);
    }
    case 'slice': {
      if (dice.below(6) === 0) return nil();
      return listOf(
        randomItems(dice, depth > 1 ? 3 : 12, () => randomValue(dice, type.elem, depth + 1)),
        goType,
      );
    }
    case 'pointer': {
      if (dice.below(5) === 0) return nil();
      const target = randomValue(dice, type.elem, depth + 1);
      return {
        go: `ptr[${sourceName(type.elem.name)}](${target.go})`,
        expected: { is: 'pointer', goType, target: target.expected },
      };
    }
    case 'chan': {
      if (dice.below(4) === 0) return nil();
      const items = randomItems(dice, 4, () => randomValue(dice, type.elem, depth + 1));
      const capacity = items.length + dice.below(3);
      const values = items.map(({ go }) => `, ${go}`).join('');
      return leaf(`filled[${sourceName(type.elem.name)}](${capacity}${values})`, { length: items.length, capacity });
    }
    case 'map': {
      if (dice.below(5) === 0) return nil();
      const entries = new Map<string, { key: ValueModel; value: ValueModel }>();
      // Most have one bucket or group, some have many.
      const count = dice.below(6) === 0 ? dice.below(60) : dice.below(9);
      for (let i = 0; i < count; i++) {
        const key = randomValue(dice, type.key, depth + 1);
        entries.set(key.go, { key, value: randomValue(dice, type.elem, depth + 1) });
      }
      const list = [...entries.values()];
      return {
        go: `${sourceName(goType)}{${list.map(({ key, value }) => `${key.go}: ${value.go}`).join(', ')}}`,
        expected: {
          is: 'map',
          goType,
          entries: list.map(({ key, value }) => ({ key: key.expected, value: value.expected })),
        },
      };
    }
  }
}

function listOf(items: readonly ValueModel[], goType: string): ValueModel {
  return {
    go: `${sourceName(goType)}{${items.map(({ go }) => go).join(', ')}}`,
    expected: { is: 'list', goType, items: items.map(({ expected }) => expected) },
  };
}

function randomAny(dice: Dice): ValueModel {
  const wrap = ({ go, expected }: ValueModel): ValueModel => ({
    go,
    expected: { is: 'interface', goType: expected.goType, value: expected },
  });
  switch (dice.below(6)) {
    case 0:
      return { go: 'interface{}(nil)', expected: { is: 'leaf', goType: 'interface {}', value: null } };
    case 1:
      return wrap(randomValue(dice, { kind: 'int', name: 'int', sizeBytes: 8 }));
    case 2:
      return wrap(randomValue(dice, { kind: 'string', name: 'string' }));
    case 3:
      return wrap(randomValue(dice, { kind: 'float', name: 'float64', sizeBytes: 8 }));
    case 4:
      return wrap(randomValue(dice, { kind: 'duration', name: 'time.Duration' }));
    default:
      return wrap(randomValue(dice, { kind: 'bool', name: 'bool' }));
  }
}

function randomError(dice: Dice): ValueModel {
  const text = (goType: string, message: string): Expected => ({
    is: 'interface',
    goType,
    value: { is: 'bytes', goType, bytes: Buffer.from(message) },
  });
  const message = randomText(dice).slice(0, 20);
  switch (dice.below(5)) {
    case 0:
      return { go: 'error(nil)', expected: { is: 'leaf', goType: 'error', value: null } };
    case 1:
      return { go: `errors.New(${goString(message)})`, expected: text('*errors.errorString', message) };
    case 2:
      return {
        go: `fmt.Errorf("around %w", errors.New(${goString(message)}))`,
        expected: text('*fmt.wrapError', `around ${message}`),
      };
    case 3:
      return { go: 'error(syscall.ENOENT)', expected: text('syscall.Errno', 'no such file or directory') };
    default:
      return {
        go: `error(&os.PathError{Op: "open", Path: ${goString(message)}, Err: syscall.ENOENT})`,
        expected: text('*io/fs.PathError', `open ${message}: no such file or directory`),
      };
  }
}

function randomItems<T>(dice: Dice, most: number, make: () => T): T[] {
  return Array.from({ length: dice.below(most + 1) }, make);
}

function randomText(dice: Dice): string {
  const roll = dice.below(10);
  if (roll === 0) return 'long '.repeat(20 + dice.below(60));
  if (roll === 1) return `${dice.bits32()}`;
  return oneOf(dice, texts);
}

function randomInteger(dice: Dice, sizeBytes: number, signed: boolean): bigint {
  const bits = BigInt(8 * sizeBytes);
  const raw = (BigInt(dice.bits32()) << 32n) | BigInt(dice.bits32());
  const value = oneOf(dice, [raw, raw & 0xffn, raw & 0x7n, 0n, -1n, 1n << (bits - 1n), (1n << (bits - 1n)) - 1n]);
  return signed ? BigInt.asIntN(Number(bits), value) : BigInt.asUintN(Number(bits), value);
}

function jsonInteger(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function randomFloat(dice: Dice, sizeBytes: number): number {
  const value = dice.below(3) === 0 ? dice.bits32() / 1000 : oneOf(dice, floats);
  if (sizeBytes === 8) return value;
  const single = Math.fround(value);
  return Number.isFinite(single) ? single : 1.5;
}

/** A constant that Go reads as just this number. */
function goFloat(value: number): string {
  return value.toExponential();
}

function goString(text: string): string {
  return JSON.stringify(text);
}

function parenthesized(name: string): string {
  return /^[\w.]+$/.test(name) ? name : `(${name})`;
}
