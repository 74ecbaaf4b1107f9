// Command generics calls generic functions and methods with type arguments of the same shape.
package main

type ID string
type Name string
type Cents int64

// Password is hidden by its name, which its shape doesn't have.
type Password string

type Order struct{ N int }
type Parcel struct{ N int }

type List[T any] struct{ items []T }

type Pair[A, B any] struct {
	First  A
	Second B
}

//go:noinline
func Label[K ~string, V any](key K, value V) K { return key }

//go:noinline
func Count[T any](items []T, first T) int { return len(items) }

//go:noinline
func Follow[T any](to *T, number int) *T { return to }

//go:noinline
func (l *List[T]) Push(item T) int {
	l.items = append(l.items, item)
	return len(l.items)
}

//go:noinline
func (p Pair[A, B]) Swap(by B) Pair[B, A] { return Pair[B, A]{p.Second, p.First} }

type Store[K ~string, V any] struct{ values map[K]V }

//go:noinline
func (s *Store[K, V]) Put(key K, value V) bool {
	_, had := s.values[key]
	s.values[key] = value
	return had
}

// Putter has methods of Store called by wrappers, which hold the dictionary.
type Putter[K, V any] interface{ Put(key K, value V) bool }

// Outer hands its own dictionary's part on: Inner's dictionary is one of Outer's words.
//
//go:noinline
func Outer[T any](item T) int { return Inner([]T{item}, item) }

//go:noinline
func Inner[T any](items []T, item T) int { return len(items) }

// Apart has its type parameter in no parameter.
//
//go:noinline
func Apart[T any](number int) (made T) { return made }

func main() {
	Label(ID("i-1"), 7)
	Label(Name("n-1"), 8)
	Label("s-1", Cents(9))
	Count([]ID{"a"}, "b")
	Count([]Name{"a", "c"}, "d")
	Follow(&Order{1}, 1)
	Follow(&Parcel{2}, 2)
	(&List[ID]{}).Push("x")
	(&List[Name]{}).Push("y")
	Pair[ID, Cents]{"p", 3}.Swap(4)
	Pair[Name, int64]{"q", 5}.Swap(6)
	Outer(ID("o"))
	Outer(Name("p"))
	Apart[ID](1)
	Apart[Name](2)
	for _, store := range []Putter[Name, Cents]{&Store[Name, Cents]{map[Name]Cents{}}} {
		store.Put("k", 5)
	}
	Count([]Password{"secret"}, "secret")
}
