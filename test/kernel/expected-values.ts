import { customer, orderBehind, orderWith } from './expected-order.ts';

/**
 * What `sidespan trace --json` must say of test/targets/values: each call of its round, in the order in which they return,
 * with arguments and results as lines of test/support/value-lines.ts. Values are those that main.go passes.
 */
export interface ExpectedCall {
  readonly name: string;
  readonly args: readonly string[];
  readonly results: readonly string[];
}

export const expectedValues: readonly ExpectedCall[] = [
  {
    name: 'main.takesIntegers',
    args: ['a INT int8 = -8', 'b INT int16 = -16', 'c INT int32 = -32', 'd INT int64 = -64', 'e INT int = -128'],
    results: ['INT int = -248'],
  },
  {
    name: 'main.takesUnsigned',
    args: [
      'a UINT uint8 = 8',
      'b UINT uint16 = 16',
      'c UINT uint32 = 32',
      'd UINT uint64 = "9223372036854775809"',
      'e UINT uintptr = 3735928559',
      'f INT int32 = 65',
    ],
    results: ['UINT uint64 = "9223372040590704489"'],
  },
  {
    name: 'main.takesBools',
    args: ['a BOOL bool = true', 'b BOOL bool = false', 'c BOOL bool = true'],
    results: ['BOOL bool = true'],
  },
  {
    name: 'main.takesFloats',
    args: ['a FLOAT float64 ! in float register', 'b FLOAT float32 ! in float register', 'n INT int = 7'],
    results: ['FLOAT float64 ! in float register'],
  },
  {
    name: 'main.takesComplex',
    args: ['c COMPLEX complex128 ! in float register'],
    results: ['COMPLEX complex128 ! in float register'],
  },
  {
    name: 'main.takesStrings',
    args: [
      'plain STRING string = "plain"',
      'empty STRING string = ""',
      'odd STRING string = "żółw\\u0000\\n\\"quoted\\""',
      'long STRING string = "long long long long long long long long long long long long long long long long long long long long long long long long long lon" of 900',
    ],
    results: ['joined STRING string = "plain||żółw\\u0000\\n\\"quoted\\""', 'size INT int = 900'],
  },
  {
    name: 'main.takesSlices',
    args: [
      'ints []INT []int = [10, 20, 30] cap 3',
      'words []STRING []string = ["a", "bc", ""] cap 3',
      'none []INT []int = null',
      'raw []UINT []uint8 = "bytes"',
      'many []INT []int = [0, 1, 4, 9, 16, 25, 36, 49] cap 1280 of 900',
    ],
    results: ['first []INT []int = [10] cap 3', 'size INT int = 911'],
  },
  {
    name: 'main.takesArrays',
    args: [
      'a [3]INT [3]int16 = [1, 2, 3]',
      'b [1]STRING [1]string = ["single"]',
      'c [0]INT [0]int = []',
      'd [2]STRUCT [2]main.Point = [{X INT int = 1; Y INT int = 2}, {X INT int = 3; Y INT int = 4}]',
    ],
    results: ['[3]INT [3]int16 = [11, 2, 3]'],
  },
  {
    name: 'main.takesStruct',
    args: ['p STRUCT main.Point = {X INT int = 3; Y INT int = -4}'],
    results: ['STRUCT main.Point = {X INT int = -4; Y INT int = 3}'],
  },
  {
    name: 'main.takesBigStruct',
    args: [`o STRUCT main.Order = ${orderWith(455)}`, 'extra INT int = 99'],
    results: [`STRUCT main.Order = ${orderWith(554)}`],
  },
  {
    name: 'main.takesPointers',
    args: [
      `o PTR *main.Order = ${orderBehind(455)}`,
      'none PTR *main.Order = null',
      'n PTR *int = 4711',
      'nn PTR **int = 4711',
    ],
    results: [`PTR *main.Customer = ${customer}`],
  },
  {
    name: 'main.takesInterfaces',
    args: [
      'ctx INTERFACE context.backgroundCtx = []',
      'number INTERFACE int = 42',
      'text INTERFACE string = "text"',
      'point INTERFACE main.Point = {X INT int = 5; Y INT int = 6}',
      'pointer INTERFACE *main.Point = {X INT int = 7; Y INT int = 8}',
      'none INTERFACE interface {} = null',
    ],
    results: ['INTERFACE main.Point = {X INT int = 5; Y INT int = 6}'],
  },
  {
    name: 'main.takesErrors',
    args: [
      'none INTERFACE error = null',
      'plain INTERFACE *errors.errorString = "EOF"',
      'wrapped INTERFACE *fmt.wrapError = "wrapped: unexpected EOF"',
      'coded INTERFACE *main.CodedError = {Code INT int = 7; Reason STRING string = "coded"}',
    ],
    results: ['INTERFACE *main.CodedError = {Code INT int = 7; Reason STRING string = "coded"}'],
  },
  {
    name: 'main.takesMaps',
    args: [
      'm MAP map[string]int = [{"key":"one","value":1}, {"key":"two","value":2}]',
      'none MAP map[string]int = null',
      'empty MAP map[main.Point]bool = []',
    ],
    results: ['MAP map[string]int = [{"key":"one","value":1}, {"key":"two","value":2}]'],
  },
  {
    name: 'main.takesChannels',
    args: [
      'c CHAN chan int = {"length":3,"capacity":8}',
      'none CHAN chan<- int = null',
      'only CHAN <-chan string = {"length":0,"capacity":0}',
    ],
    results: ['CHAN chan int = {"length":3,"capacity":8}'],
  },
  {
    name: 'main.takesFunctions',
    args: [
      'f FUNC func(string) string = "strings.ToUpper"',
      'none FUNC func() = null',
      'literal FUNC func(string) string = "main.round.func1"',
    ],
    results: ['FUNC func(string) string = "strings.ToUpper"'],
  },
  {
    name: 'main.takesNamed',
    args: [
      'd INT time.Duration = 3000000000',
      'c INT main.Cents = 1999',
      'color UINT main.Color = 1',
      'l STRING main.Label = "tagged"',
    ],
    results: ['STRING main.Label = "tagged3s"'],
  },
];
