import type { DecodeContext } from './decode-value.ts';
import type { Value, ValueContent } from './value.ts';
import { fieldNamed, textOf } from './value-parts.ts';

/** abi.Kind by its number (src/internal/abi/type.go), in the lowest five bits of reflect.Value's flag. */
const kindNames = [
  ...['invalid', 'bool', 'int', 'int8', 'int16', 'int32', 'int64', 'uint', 'uint8', 'uint16', 'uint32', 'uint64'],
  ...['uintptr', 'float32', 'float64', 'complex64', 'complex128', 'array', 'chan', 'func', 'interface', 'map'],
  ...['pointer', 'slice', 'string', 'struct', 'unsafe.Pointer'],
];
const kindMask = 31;

/** Of the flag (src/reflect/value.go): it is the receiver of a method value. */
const isMethod = 1 << 9;

/**
 * A reflect.Value as captured (src/probe/capture/reflect-value.ts): `invalid`, or type, kind and what it holds. Of a method
 * value that is the receiver.
 */
export function reflectContent(value: Value, context: DecodeContext): ValueContent | undefined {
  const flag = fieldNamed(value, 'flag')?.value;
  const held = fieldNamed(value, 'value');
  if (typeof flag !== 'number' || held === undefined) return undefined;
  const kind = kindNames[flag & kindMask] ?? `kind ${flag & kindMask}`;
  if (kind === 'invalid') return kind;
  const address = textOf(fieldNamed(value, 'type'));
  const type = address === undefined ? undefined : context.runningTypeName?.(Number(address));
  const method = (flag & isMethod) !== 0;
  return [
    ...(type === undefined ? [] : [text('type', 'reflect.Type', type)]),
    text('kind', 'reflect.Kind', method ? 'method value' : kind),
    // What is not known by itself is known by its type here.
    {
      ...held,
      name: method ? 'receiver' : 'value',
      goType: held.goType === 'reflect.Value' ? (type ?? held.goType) : held.goType,
    },
  ];
}

function text(name: string, goType: string, content: string): Value {
  return { name, type: 'STRING', goType, value: content };
}
