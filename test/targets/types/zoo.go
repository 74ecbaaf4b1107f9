package main

import (
	"io"
	"time"
	"unsafe"

	dotted "sidespan.test/types/dotted.v3"
)

// One type of each kind, and combinations whose layout is easily got wrong.
type (
	Flag     bool
	Text     string
	Bytes    []byte
	Table    map[Text][]*Node
	Stream   chan<- Node
	Handler  func(w io.Writer, names ...string) (int, error)
	Address  unsafe.Pointer
	Matrix   [3][2]float32
	Fallback interface{}
	Shape    interface {
		Area() float64
		private()
	}
	Node struct {
		Value    int16
		Children []*Node
		Parent   *Node
		ByName   map[string]Node
	}
	Ping                      struct{ Pong *Pong }
	Pong                      struct{ Ping [2]*Ping }
	Pair[K comparable, V any] struct {
		Key   K
		Value V
		Other *Pair[K, V]
	}
	Zero  struct{}
	Inner struct {
		A uint8
		B uint32
	}
	Everything struct {
		Inner
		*Node
		io.Reader
		Flag      Flag
		I8        int8
		I64       int64
		I16       int16
		I32       int32
		I         int
		U8        uint8
		U16       uint16
		U32       uint32
		U64       uint64
		U         uint
		Ptr       uintptr
		F32       float32
		F64       float64
		C64       complex64
		B         bool
		C128      complex128
		_         int8
		Text      Text
		Bytes     Bytes
		Table     Table
		Stream    Stream
		Handler   Handler
		Address   Address
		Raw       unsafe.Pointer
		Matrix    Matrix
		Fallback  Fallback
		Any       any
		Err       error
		Shape     Shape
		Ping      Ping
		Pair      Pair[string, dotted.Item]
		Numbers   Pair[int, *Pair[int, Text]]
		Box       *dotted.Box[Text]
		Item      dotted.Item
		Time      time.Time
		Anonymous struct {
			X, Y int8
			Deep struct{ Z *Everything }
		}
		Receive <-chan []Text
		Both    chan struct{}
		Nested  map[[2]Text]map[Inner]func()
		Empty   [0]uint64
		Last    Zero
	}
)
