// Command dictionaries has generic functions whose dictionaries begin in many ways.
package main

import (
	"fmt"
	"os"
)

type ID string
type Name string
type Cents int64

func (c Cents) String() string { return fmt.Sprint(int64(c)) }

type List[T any] struct{ items []T }
type Pair[A, B any] struct {
	First  A
	Second B
}
type Wrap[T any] string

//go:noinline
func Map[K comparable, V any](m map[K]V, f func(V) bool) []V {
	var out []V
	for _, v := range m {
		if f(v) {
			out = append(out, v)
		}
	}
	return out
}

//go:noinline
func Blank[K, V ~string](_ K, v V) int { return len(v) }

//go:noinline
func Unnamed[K, V ~string](K, V) int { return len(os.Args) }

//go:noinline
func (*List[T]) NoReceiver(item T) int { sink = item; return 1 }

//go:noinline
func (_ *List[T]) BlankReceiver(item T) int { sink = item; return 1 }

//go:noinline
func (l *List[T]) Push(item T) *List[T] { l.items = append(l.items, item); return l }

//go:noinline
func (p Pair[A, B]) Swap(by B) Pair[B, A] { return Pair[B, A]{p.Second, p.First} }

var sink any

//go:noinline
func Variadic[T any](n int, rest ...T) (first T, err error) { sink = rest; return rest[0], nil }

//go:noinline
func Method[T fmt.Stringer](x T, ys []T) string {
	f := T.String
	var i fmt.Stringer = x
	sink = i
	return f(ys[0]) + x.String()
}

//go:noinline
func Outer[T any](item T) int {
	p := Pair[T, *T]{item, &item}
	sink = p
	return Inner([]T{item}, item, p)
}

//go:noinline
func Inner[T, U any](items []T, item T, p Pair[T, U]) int { sink = p; return len(items) }

//go:noinline
func Result[T any](n int) T { var t T; sink = n; return t }

//go:noinline
func Local[T any](n int) int { var m map[T2[T]]int; sink = m; return n }

type T2[T any] struct{ x *T }

//go:noinline
func Chan[T any](c chan T, a [2]T, e interface{ Do(T) }, g func(T, int) (T, error), x *T, ifc any) {
	sink = c
	sink = a
	sink = e
	sink = g
	sink = x
}

//go:noinline
func Wrapped[T any](w Wrap[T], t T) { sink = w; sink = t }

//go:noinline
func Twice[T, U any](a []T, b []T, c U) { sink = a; sink = c }

//go:noinline
func Shared[T, U any](a, b []T, c U) { sink = a; sink = c }

//go:noinline
func Closure[T any](t T) func() T { return func() T { sink = t; return t } }

type doer[T any] struct{}

func (doer[T]) Do(T) {}

func main() {
	Map(map[ID]Cents{"a": 1}, func(c Cents) bool { return c > 0 })
	Map(map[Name]int64{"a": 1}, func(c int64) bool { return c > 0 })
	Blank(ID("a"), Name("b"))
	Blank(Name("a"), ID("b"))
	Unnamed(ID("a"), Name("b"))
	(&List[ID]{}).NoReceiver("a")
	(&List[Name]{}).BlankReceiver("a")
	(&List[Name]{}).Push("a")
	(&List[ID]{}).Push("a")
	Pair[ID, Cents]{"p", 3}.Swap(4)
	Pair[Name, int64]{"p", 3}.Swap(4)
	Variadic(1, ID("a"))
	Variadic(1, Name("a"))
	Method(Cents(1), []Cents{1})
	Outer(ID("o"))
	Outer(Name("o"))
	Result[ID](1)
	Result[Cents](2)
	Local[ID](1)
	Chan[ID](nil, [2]ID{}, doer[ID]{}, nil, nil, 1)
	Wrapped(Wrap[Cents]("x"), Cents(1))
	Wrapped(Wrap[ID]("x"), ID("b"))
	Twice([]ID{}, []ID{}, Name("a"))
	Shared([]ID{}, []ID{}, []ID{})
	fmt.Println(Closure(ID("a"))())
}
