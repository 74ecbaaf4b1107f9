/**
 * What `sidespan trace --json` must say of test/targets/values: each call of its round, in the order in which they return,
 * with arguments and results as lines of test/support/value-lines.ts. Values are those that main.go passes.
 */
export interface ExpectedCall {
  readonly name: string;
  readonly args: readonly string[];
  readonly results: readonly string[];
}

const customer =
  '{Name STRING string = "Ada"; Address PTR *main.Address = {City STRING string = "London"; Country [2]UINT [2]uint8 = [71, 66]}}';

const orderWith = (total: number) =>
  `{${[
    'ID UINT uint64 = "9007199254740993"',
    `Customer PTR *main.Customer = ${customer}`,
    'Items []STRUCT []main.Item = [{SKU STRING string = "apple"; Count INT int32 = 3; Price INT main.Cents = 120}, {SKU STRING string = "pear"; Count INT int32 = 1; Price INT main.Cents = 95}] cap 2',
    'Tags MAP map[string]string = {"length":1}',
    'Ready BOOL bool = true',
    'small INT int8 = -5',
    `Total INT main.Cents = ${total}`,
    'Ratio FLOAT float64 = 0.75',
    'Note STRING string = "leave at the door"',
    'At STRUCT main.Point = {X INT int = 11; Y INT int = 12}',
    'Err INTERFACE *main.CodedError = {Code INT int = 3; Reason STRING string = "stale"}',
    'Any INTERFACE main.Cents = 5',
    'Matrix [2][2]INT [2][2]int16 = [[1, 2], [3, 4]]',
    'Done CHAN chan struct {} = null',
    'Hook FUNC func() error = null',
    'Color UINT main.Color = 1',
    'Embedded STRUCT main.Embedded = {Depth INT int = 2; Inner STRUCT struct { Name main.Label } = {Name STRING main.Label = "inner"}}',
  ].join('; ')}}`;

/** Stands for an address that differs from build to build. */
export const someAddress = 'PTR unsafe.Pointer = <address>';

export const expectedCalls: readonly ExpectedCall[] = [
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
      `o PTR *main.Order = ${orderWith(455)}`,
      'none PTR *main.Order = null',
      'n PTR *int = 4711',
      'nn PTR **int = 4711',
    ],
    results: [`PTR *main.Customer = ${customer}`],
  },
  {
    name: 'main.takesInterfaces',
    args: [
      'ctx INTERFACE context.backgroundCtx ! not captured',
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
      'm MAP map[string]int = {"length":2}',
      'none MAP map[string]int = null',
      'empty MAP map[main.Point]bool = {"length":0}',
    ],
    results: ['MAP map[string]int = {"length":2}'],
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
  {
    name: 'main.takesMany',
    args: [
      'a INT int = 1',
      'b INT int = 2',
      'c INT int = 3',
      'd INT int = 4',
      'e INT int = 5',
      'f INT int = 6',
      'g INT int = 7',
      'h INT int = 8',
      'i INT int = 9',
      'j INT int = 10',
      'k STRING string = "eleven"',
      'l BOOL bool = true',
    ],
    results: ['INT int = 61'],
  },
  {
    name: 'main.takesManyStrings',
    args: [
      'a STRING string = "one"',
      'b STRING string = "two"',
      'c STRING string = "three"',
      'd STRING string = "four"',
      'e STRING string = "five"',
      'f STRING string = "six"',
    ],
    results: ['STRING string = "onetwothreefourfivesix"'],
  },
  {
    name: 'main.takesMixed',
    args: [
      'n INT int = 1',
      'x FLOAT float64 ! in float register',
      's STRING string = "three"',
      'list []INT []int = [4] cap 1',
      'p STRUCT main.Point = {X INT int = 5; Y INT int = 6}',
      'err INTERFACE error = null',
    ],
    results: ['FLOAT float64 ! in float register', 'INTERFACE error = null'],
  },
  {
    name: 'main.takesVariadic',
    args: ['name STRING string = "sum"', 'numbers []INT []int = [1, 2, 3] cap 3'],
    results: ['sum INT int = 9'],
  },
  {
    name: 'main.takesVariadic',
    args: ['name STRING string = "none"', 'numbers []INT []int = null'],
    results: ['sum INT int = 4'],
  },
  {
    name: 'main.takesBlank',
    args: ['a INT int = 1', 'STRING string = "ignored"', 'c INT int = 3'],
    results: ['INT int = 4', 'INTERFACE error = null'],
  },
  {
    name: 'main.Point.ByValue',
    args: ['p STRUCT main.Point = {X INT int = 1; Y INT int = 2}', 'factor INT int = 10'],
    results: ['STRUCT main.Point = {X INT int = 10; Y INT int = 20}'],
  },
  {
    name: 'main.(*Order).ByPointer',
    args: [`o PTR *main.Order = ${orderWith(455)}`, 'why STRING string = "receiver"'],
    results: ['INT int = 10'],
  },
  {
    name: 'main.Generic[go.shape.int64]',
    args: ['value INT go.shape.int64 = 64', 'name STRING string = "generic int64"'],
    results: ['[]INT []go.shape.int64 = [64] cap 1'],
  },
  {
    name: 'main.Generic[go.shape.string]',
    args: ['value STRING go.shape.string = "text"', 'name STRING string = "generic string"'],
    results: ['[]STRING []go.shape.string = ["text"] cap 1'],
  },
  {
    name: 'main.Generic[go.shape.struct { X int; Y int }]',
    args: [
      'value STRUCT go.shape.struct { X int; Y int } = {X INT int = 9; Y INT int = 10}',
      'name STRING string = "generic struct"',
    ],
    results: ['[]STRUCT []go.shape.struct { X int; Y int } = [{X INT int = 9; Y INT int = 10}] cap 1'],
  },
  {
    name: 'main.Stack[go.shape.string].Top',
    args: [
      's STRUCT main.Stack[go.shape.string] = {items []STRING []go.shape.string = ["s"] cap 1}',
      'name STRING string = "generic method"',
    ],
    results: ['STRING go.shape.string = "s"'],
  },
  {
    name: 'main.takesUnsafe',
    args: [`o STRUCT main.Order = ${orderWith(455)}`],
    results: [someAddress],
  },
  {
    name: 'main.closure.func1',
    args: ['m INT int = 2'],
    results: ['INT int = 7'],
  },
  {
    name: 'main.call',
    args: ['f FUNC func(int) int = "main.closure.func1"', 'n INT int = 2'],
    results: ['INT int = 7'],
  },
  {
    name: 'main.closure',
    args: ['n INT int = 5'],
    results: ['INT int = 7'],
  },
  {
    name: 'main.divide',
    args: ['a INT int = 7', 'b INT int = 2'],
    results: ['quotient INT int = 3', 'err INTERFACE error = null'],
  },
  {
    name: 'main.divide',
    args: ['a INT int = 7', 'b INT int = 0'],
    results: ['quotient INT int = 0', 'err INTERFACE *errors.errorString = "division by zero"'],
  },
  {
    name: 'main.find',
    args: ['name STRING string = "present"'],
    results: [`PTR *main.Customer = ${customer}`, 'BOOL bool = true'],
  },
  {
    name: 'main.find',
    args: ['name STRING string = "absent"'],
    results: ['PTR *main.Customer = null', 'BOOL bool = false'],
  },
  {
    name: 'main.returnsMany',
    args: ['n INT int = 3'],
    results: [
      'text STRING string = "xxx"',
      'list []INT []int = [0, 1, 4] cap 1280',
      'p STRUCT main.Point = {X INT int = 3; Y INT int = 3}',
      'err INTERFACE *main.CodedError = {Code INT int = 3; Reason STRING string = "many"}',
    ],
  },
  {
    name: 'main.validate',
    args: [`o PTR *main.Order = ${orderWith(455)}`],
    results: ['INTERFACE error = null'],
  },
  {
    name: 'main.validate',
    args: ['o PTR *main.Order = null'],
    results: ['INTERFACE *main.CodedError = {Code INT int = 400; Reason STRING string = "no order"}'],
  },
  {
    name: 'main.safe.func1',
    args: [],
    results: [],
  },
  {
    name: 'main.safe',
    args: ['cause STRING string = "deep"'],
    results: ['name STRING string = "deep"'],
  },
];
