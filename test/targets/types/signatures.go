package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	dotted "sidespan.test/types/dotted.v3"
)

// Functions whose parameters and results the debug information could lose or reorder.

//go:noinline
func blanks(_ string, x int, _ float64, y float64, _ []byte, z int) int { return x + int(y) + z }

//go:noinline
func unnamed(string, int, float64) (int, error) { return 3, nil }

//go:noinline
func unused(a string, b int, c float64, d []byte, e Inner, f any, g error, h map[string]int) bool {
	return true
}

//go:noinline
func allUnused(ctx context.Context, a [2]int, b Everything) (n int, err error) { panic("unused") }

//go:noinline
func blankResults(ctx context.Context, _ io.Reader, n int) (_ int, err error) { return n, ctx.Err() }

//go:noinline
func many(a, b, c, d, e, f, g, h, i, j, k, l int, s string, m [3]int, n [1]string, o struct{}, p float64) (r1, r2, r3 string, r4 [2]int, r5 Inner) {
	return s, s, n[0], [2]int{a + b + c + d + e + f, g + h + i + j}, Inner{A: uint8(k), B: uint32(l + m[1] + int(p))}
}

//go:noinline
func floats(a float32, b float64, c complex64, d complex128, e [1]float32, f struct{ X, Y float64 }) complex128 {
	return complex(float64(a)+b+f.X, f.Y) + complex128(c) + d + complex(float64(e[0]), 0)
}

//go:noinline
func escaping(x int, s string, _ int, z Inner) (*int, *string, *Inner) { return &x, &s, &z }

//go:noinline
func deferred(x int, next func() error) (total int, err error) {
	defer func() {
		if failure := recover(); failure != nil {
			total, err = x, fmt.Errorf("recovered: %v", failure)
		}
	}()
	return x / (x - 3), next()
}

//go:noinline
func deferredUnnamed(x int, next func() error) (int, error) {
	defer fmt.Sprint(x)
	return x, next()
}

//go:noinline
func variadic(format string, values ...any) int { return len(values) }

//go:noinline
func empties(a struct{}, b [0]int, c [1]struct{}, d int, e [1][1]Inner) int {
	return d + int(e[0][0].A)
}

//go:noinline
func channels(in <-chan int, out chan<- Text, both chan Node) (ok bool) {
	select {
	case _, ok = <-in:
	default:
	}
	return ok
}

//go:noinline
func functions(f Handler, g func(int) (string, error), h func()) func(a, b int) bool { return nil }

// These two are small enough to be inlined, and also called through variables: their out-of-line copies refer to what
// was inlined.
func inlined(_ string, x int, q float64, unused string) (int, string) { return x + 1, "" }

func inlinedNamed(x int, _ Text, y int) (product int) { product = x * y; return }

//go:noinline
func (n Node) byValue(_ int, s string) bool { return n.Parent != nil && s != "" }

//go:noinline
func (Inner) withoutName(s string) bool { return s == "" }

//go:noinline
func (*Node) pointerWithoutName(depth int) (found *Node) { return nil }

//go:noinline
func (n *Node) Walk(visit func(*Node) bool) (count int) {
	if !visit(n) {
		return 0
	}
	return 1
}

//go:noinline
func generic[K comparable, V any](key K, value V, m map[K]V, _ int, s string) (V, bool) {
	found, ok := m[key]
	if s == "" {
		return value, false
	}
	closure := func(v V) V { sink = s; return v }
	sink = closure
	return found, ok
}

//go:noinline
func (p *Pair[K, V]) Link(other *Pair[K, V], v V, n int) *Pair[K, V] {
	p.Other, p.Value = other, v
	return p
}

//go:noinline
func (p Pair[K, V]) Values(n int) (K, V) { return p.Key, p.Value }

//go:noinline
func pointers[T any](first *T, rest ...*T) *T { return first }

var sink any

func useSignatures(n int) {
	show := func(values ...any) { fmt.Fprintln(io.Discard, values...) }
	ctx := context.Background()
	show(blanks("", n, 1, 2, nil, 3), variadic("", 1, 2), empties(struct{}{}, [0]int{}, [1]struct{}{}, n, [1][1]Inner{}))
	show(unnamed("", n, 1))
	show(unused("", n, 1, nil, Inner{}, nil, nil, nil))
	func() {
		defer func() { sink = recover() }()
		show(allUnused(ctx, [2]int{}, Everything{}))
	}()
	show(blankResults(ctx, nil, n))
	show(many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, n, "", [3]int{}, [1]string{}, struct{}{}, 1))
	show(floats(1, 2, 3, 4, [1]float32{}, struct{ X, Y float64 }{}))
	show(escaping(n, "", 2, Inner{}))
	fail := func() error { return errors.New("failed") }
	show(deferred(n, fail))
	show(deferredUnnamed(n, fail))
	show(channels(nil, nil, nil), functions(nil, nil, nil) == nil)
	sink = []any{inlined, inlinedNamed}
	a, b := inlined("", n, 1, "")
	show(a, b, inlinedNamed(n, "", n))
	node := &Node{}
	show(node.byValue(n, ""), Inner{}.withoutName(""), node.pointerWithoutName(n), node.Walk(func(*Node) bool { return n > 1 }))
	show(generic(n, "", map[int]string{}, 1, "x"))
	show(generic("", Inner{}, map[string]Inner{}, 1, "x"))
	show((&Pair[int, *Pair[int, Text]]{}).Link(nil, nil, n).Values(n))
	show((&Pair[string, dotted.Item]{}).Link(nil, dotted.Item{}, n).Values(n))
	show(pointers(node, node), pointers(&n))
	item, err := dotted.Make(1, "")
	show(item.Advance(2), err)
	box := dotted.Box[Text]{}
	show(box.Put("a", n), box)
	show(box.Get("b"))
}
