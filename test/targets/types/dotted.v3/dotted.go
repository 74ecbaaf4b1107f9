// Package dotted has a dot in the last element of its path, which linker symbols escape.
package dotted

// Item is found under its path as in source.
type Item struct {
	Count int32
	Next  *Item
}

//go:noinline
func (i *Item) Advance(by int32) *Item {
	i.Count += by
	return i.Next
}

//go:noinline
func Make(count int32, _ string) (item Item, err error) {
	return Item{Count: count}, nil
}

// Box is instantiated by other packages: its code belongs to their compilation units.
type Box[T any] struct {
	Content T
	Full    bool
}

//go:noinline
func (b *Box[T]) Put(content T, times int) (previous T) {
	previous = b.Content
	for range times {
		b.Content, b.Full = content, true
	}
	return previous
}

//go:noinline
func (b Box[T]) Get(fallback T) (T, bool) {
	if b.Full {
		return b.Content, true
	}
	return fallback, false
}
