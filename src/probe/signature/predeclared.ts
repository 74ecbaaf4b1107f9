import type { GoKind, GoType } from '../../binary/go-type.ts';

/** Kind and size of Go's predeclared types; their alignment is their size, of complex numbers half of it. */
const sizes: readonly (readonly [kind: GoKind, sizeBytes: number])[] = [
  ['bool', 1],
  ['int', 8],
  ['int8', 1],
  ['int16', 2],
  ['int32', 4],
  ['int64', 8],
  ['uint', 8],
  ['uint8', 1],
  ['uint16', 2],
  ['uint32', 4],
  ['uint64', 8],
  ['uintptr', 8],
  ['float32', 4],
  ['float64', 8],
  ['complex64', 8],
  ['complex128', 16],
];

const aliases: Readonly<Record<string, string>> = { byte: 'uint8', rune: 'int32' };
const emptyInterface: GoType = {
  kind: 'interface',
  name: 'interface {}',
  sizeBytes: 16,
  alignBytes: 8,
  hasMethods: false,
};

const types = new Map<string, GoType>(
  sizes.map(([kind, sizeBytes]) => {
    const alignBytes = kind.startsWith('complex') ? sizeBytes / 2 : sizeBytes;
    return [kind, { kind, name: kind, sizeBytes, alignBytes }];
  }),
);
types.set('string', { kind: 'string', name: 'string', sizeBytes: 16, alignBytes: 8 });
types.set('error', { kind: 'interface', name: 'error', sizeBytes: 16, alignBytes: 8, hasMethods: true });
types.set('any', emptyInterface);
types.set('unsafe.Pointer', { kind: 'unsafe.Pointer', name: 'unsafe.Pointer', sizeBytes: 8, alignBytes: 8 });

types.set('time.Duration', { kind: 'int64', name: 'time.Duration', sizeBytes: 8, alignBytes: 8 });
// https://github.com/golang/go/blob/go1.26.0/src/time/time.go, type Time: the same since Go 1.9.
types.set('time.Time', {
  kind: 'struct',
  name: 'time.Time',
  sizeBytes: 24,
  alignBytes: 8,
  fields: [
    { name: 'wall', type: basic('uint64'), embedded: false, offsetBytes: 0 },
    { name: 'ext', type: basic('int64'), embedded: false, offsetBytes: 8 },
    {
      name: 'loc',
      type: { kind: 'pointer', name: '*time.Location', sizeBytes: 8, alignBytes: 8 },
      embedded: false,
      offsetBytes: 16,
    },
  ],
});

function basic(name: string): GoType {
  return types.get(name) as GoType;
}

/** A type that every Go program knows without a package, or one that is as good as that: unsafe.Pointer, time.Time. */
export function predeclaredType(name: string): GoType | undefined {
  return types.get(aliases[name] ?? name);
}

export function predeclaredTypeNames(): readonly string[] {
  return [...types.keys(), ...Object.keys(aliases)];
}
