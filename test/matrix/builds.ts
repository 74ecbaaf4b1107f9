/** The columns of the matrix: ways of building, the releases that have them, and what is known not to work there. */
import type { GoTargetOptions } from '../support/go-target.ts';
import type { ValueVerdict } from './orders.ts';

/** How the executable is made in the end. */
export type Finish = 'as built' | 'packed by UPX' | 'garbled';

/** What a cell is expected to show at least; less, or anything wrong, is a failure. */
export interface Expectation {
  /** How much is told of arguments and results. */
  readonly values: ValueVerdict;
  /** Why it is not all of them. */
  readonly limit?: string;
  /** HTTP spans are right in number, status and path; or the reason why there are none. */
  readonly http: 'exact' | { readonly none: string };
  /** Part of the message with which it is refused as a whole. */
  readonly refused?: string;
}

export interface MatrixBuild {
  readonly name: string;
  readonly options: GoTargetOptions;
  readonly finish: Finish;
  /** Minor releases of Go 1 that can be built so; left out: all. */
  readonly firstMinor: number;
  readonly lastMinor: number;
  /** Commands that must be there. */
  readonly needs: readonly string[];
  /** A gRPC server is built the same way and traced as well. */
  readonly grpc: boolean;
  readonly profiled: boolean;
  readonly expected: Expectation;
}

/** What is expected of a build of one release: some have less to tell than others. */
export function expectedOf({ expected, options }: MatrixBuild, minor: number): Expectation {
  if (expected.values === 'words' && minor < 17) {
    return { ...expected, values: 'none', limit: 'no DWARF, and no argument information before Go 1.17' };
  }
  if (expected.values === 'read' && minor === 17 && options.env?.GOEXPERIMENT !== 'noregabi') {
    return { ...expected, values: 'partly', limit: 'Go 1.17 lists no unnamed results' };
  }
  return expected;
}

const cgo = { CGO_ENABLED: '1' };
const withoutDwarf = { values: 'words', limit: 'no DWARF: words of the right size', http: 'exact' } as const;

const plain: Omit<MatrixBuild, 'name' | 'options'> = {
  finish: 'as built',
  firstMinor: 15,
  lastMinor: Number.POSITIVE_INFINITY,
  needs: [],
  grpc: false,
  profiled: false,
  expected: { values: 'read', http: 'exact' },
};

export const matrixBuilds: readonly MatrixBuild[] = [
  { ...plain, name: 'default', options: {}, grpc: true },
  { ...plain, name: '-w', options: { ldflags: '-w' }, expected: withoutDwarf },
  {
    ...plain,
    name: '-s -w',
    options: { ldflags: '-s -w' },
    grpc: true,
    expected: withoutDwarf,
  },
  { ...plain, name: '-trimpath', options: { trimpath: true } },
  { ...plain, name: 'pie', options: { buildmode: 'pie' } },
  {
    ...plain,
    name: 'pie -s -w',
    options: { buildmode: 'pie', ldflags: '-s -w' },
    expected: withoutDwarf,
  },
  {
    ...plain,
    name: 'cgo external',
    options: { env: cgo, ldflags: '-linkmode=external' },
    needs: ['gcc'],
  },
  {
    ...plain,
    name: 'cgo external pie -s -w',
    options: { env: cgo, buildmode: 'pie', ldflags: '-linkmode=external -s -w' },
    needs: ['gcc'],
    expected: withoutDwarf,
  },
  {
    ...plain,
    name: 'static glibc',
    options: { env: cgo, ldflags: '-linkmode=external -extldflags=-static' },
    needs: ['gcc'],
  },
  {
    ...plain,
    name: 'static musl',
    options: { env: { ...cgo, CC: 'musl-gcc' }, ldflags: '-linkmode=external -extldflags=-static' },
    needs: ['musl-gcc'],
  },
  { ...plain, name: '-N -l', options: { gcflags: 'all=-N -l' } },
  { ...plain, name: '-race', options: { race: true, env: cgo }, needs: ['gcc'] },
  { ...plain, name: 'PGO', options: {}, firstMinor: 20, profiled: true },
  { ...plain, name: 'GOAMD64=v3', options: { env: { GOAMD64: 'v3' } }, firstMinor: 18 },
  {
    ...plain,
    name: 'GOEXPERIMENT=noregabi',
    options: { env: { GOEXPERIMENT: 'noregabi' } },
    firstMinor: 17,
    lastMinor: 18,
  },
  {
    ...plain,
    name: 'GOEXPERIMENT=noswissmap',
    options: { env: { GOEXPERIMENT: 'noswissmap' } },
    firstMinor: 24,
    lastMinor: 25,
  },
  {
    ...plain,
    name: 'UPX',
    options: { ldflags: '-s -w' },
    finish: 'packed by UPX',
    expected: { ...plain.expected, refused: 'packed by UPX' },
  },
  {
    ...plain,
    name: 'garble',
    options: {},
    finish: 'garbled',
    firstMinor: 26,
    lastMinor: 26,
    expected: {
      ...withoutDwarf,
      values: 'none',
      limit: 'garbled names',
      http: { none: "net/http's names are garbled" },
    },
  },
];
