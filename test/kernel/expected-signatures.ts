import { customer, orderBehind, orderWith } from './expected-order.ts';
import type { ExpectedCall } from './expected-values.ts';

/** As expected-values.ts, of the calls after those: many parameters, methods, generics, closures, several results. */
/** Stands for an address that differs from build to build. */
export const someAddress = 'PTR unsafe.Pointer = <address>';

export const expectedSignatures: readonly ExpectedCall[] = [
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
    args: [`o PTR *main.Order = ${orderBehind(455)}`, 'why STRING string = "receiver"'],
    results: ['INT int = 10'],
  },
  {
    name: 'main.Generic[go.shape.int64]',
    args: ['value INT int64 = 64', 'name STRING string = "generic int64"'],
    results: ['[]INT []int64 = [64] cap 1'],
  },
  {
    name: 'main.Generic[go.shape.string]',
    args: ['value STRING string = "text"', 'name STRING string = "generic string"'],
    results: ['[]STRING []string = ["text"] cap 1'],
  },
  {
    name: 'main.Generic[go.shape.struct { X int; Y int }]',
    args: ['value STRUCT main.Point = {X INT int = 9; Y INT int = 10}', 'name STRING string = "generic struct"'],
    results: ['[]STRUCT []main.Point = [{X INT int = 9; Y INT int = 10}] cap 1'],
  },
  {
    name: 'main.Stack[go.shape.string].Top',
    args: [
      's STRUCT main.Stack[string] = {items []STRING []string = ["s"] cap 1}',
      'name STRING string = "generic method"',
    ],
    results: ['STRING string = "s"'],
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
