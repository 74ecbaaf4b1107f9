package main

import (
	"context"
	"strings"
	"time"
	"unsafe"
)

// All of these are kept out of line: a real program's functions are mostly too large to be inlined, these are not.

//go:noinline
func takesNothing() {}

//go:noinline
func takesIntegers(a int8, b int16, c int32, d int64, e int) int {
	return int(a) + int(b) + int(c) + int(d) + e
}

//go:noinline
func takesUnsigned(a uint8, b uint16, c uint32, d uint64, e uintptr, f rune) uint64 {
	return uint64(a) + uint64(b) + uint64(c) + d + uint64(e) + uint64(f)
}

//go:noinline
func takesBools(a, b, c bool) bool { return a && b || c }

//go:noinline
func takesFloats(a float64, b float32, n int) float64 { return a + float64(b) + float64(n) }

//go:noinline
func takesComplex(c complex128) complex128 { return c * c }

//go:noinline
func takesStrings(plain, empty, odd, long string) (joined string, size int) {
	return strings.Join([]string{plain, empty, odd}, "|"), len(long)
}

//go:noinline
func takesSlices(ints []int, words []string, none []int, raw []byte, many []int) (first []int, size int) {
	return ints[:1], len(ints) + len(words) + len(none) + len(raw) + len(many)
}

//go:noinline
func takesArrays(a [3]int16, b [1]string, c [0]int, d [2]Point) [3]int16 {
	a[0] += int16(len(b[0]) + len(c) + d[1].Y)
	return a
}

//go:noinline
func takesStruct(p Point) Point { return Point{p.Y, p.X} }

//go:noinline
func takesBigStruct(o Order, extra int) Order {
	o.Total += Cents(extra)
	return o
}

//go:noinline
func takesPointers(o *Order, none *Order, n *int, nn **int) *Customer {
	if none == nil && *n == **nn {
		return o.Customer
	}
	return nil
}

//go:noinline
func takesInterfaces(ctx context.Context, number, text, point, pointer, none any) any {
	if ctx == nil || none != nil {
		return nil
	}
	return point
}

//go:noinline
func takesErrors(none, plain, wrapped, coded error) error {
	if none != nil {
		return none
	}
	return coded
}

//go:noinline
func takesMaps(m map[string]int, none map[string]int, empty map[Point]bool) map[string]int {
	if len(none)+len(empty) > 0 {
		return none
	}
	return m
}

//go:noinline
func takesChannels(c chan int, none chan<- int, only <-chan string) chan int {
	if none == nil && len(only) == 0 {
		return c
	}
	return nil
}

//go:noinline
func takesFunctions(f func(string) string, none func(), literal func(string) string) func(string) string {
	if none == nil {
		return f
	}
	return literal
}

//go:noinline
func takesNamed(d time.Duration, c Cents, color Color, l Label) Label { return l + Label(d.String()) }

// takesMany has more integers than there are registers: from the tenth on they are on the stack.
//
//go:noinline
func takesMany(a, b, c, d, e, f, g, h, i, j int, k string, l bool) int {
	return a + b + c + d + e + f + g + h + i + j + len(k)
}

// takesManyStrings: the fifth string would need two registers where one is left, so it is on the stack.
//
//go:noinline
func takesManyStrings(a, b, c, d, e, f string) string { return a + b + c + d + e + f }

//go:noinline
func takesMixed(n int, x float64, s string, list []int, p Point, err error) (float64, error) {
	return float64(n) + x + float64(len(s)+len(list)+p.X+p.Y), err
}

//go:noinline
func takesVariadic(name string, numbers ...int) (sum int) {
	for _, n := range numbers {
		sum += n
	}
	return sum + len(name)
}

//go:noinline
func takesBlank(a int, _ string, c int) (int, error) { return a + c, nil }

//go:noinline
func takesUnsafe(o Order) unsafe.Pointer { return unsafe.Pointer(o.Customer) }

// ByValue has a receiver in two registers.
//
//go:noinline
func (p Point) ByValue(factor int) Point { return Point{p.X * factor, p.Y * factor} }

// ByPointer has a pointer receiver.
//
//go:noinline
func (o *Order) ByPointer(why string) int { return len(o.Items) + len(why) }

// Generic is instantiated with several shapes, and gets a dictionary as a hidden first argument.
//
//go:noinline
func Generic[T any](value T, name string) []T { return []T{value} }

// Top is a method of a generic type.
//
//go:noinline
func (s Stack[T]) Top(name string) T { return s.items[len(s.items)-1] }

// closure calls a function literal with a captured variable.
func closure(n int) int {
	add := func(m int) int { return n + m }
	return call(add, 2)
}

//go:noinline
func call(f func(int) int, n int) int { return f(n) }

//go:noinline
func divide(a, b int) (quotient int, err error) {
	if b == 0 {
		return 0, errZero
	}
	return a / b, nil
}

//go:noinline
func find(name string) (*Customer, bool) {
	if name == "present" {
		return order.Customer, true
	}
	return nil, false
}

//go:noinline
func returnsMany(n int) (text string, list []int, p Point, err error) {
	return strings.Repeat("x", n), manyInts[:n], Point{n, n}, &CodedError{Code: n, Reason: "many"}
}

//go:noinline
func validate(o *Order) error {
	if o == nil {
		return &CodedError{Code: 400, Reason: "no order"}
	}
	return nil
}

//go:noinline
func panics(cause string) { panic(cause) }
