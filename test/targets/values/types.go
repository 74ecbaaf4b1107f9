package main

import "fmt"

// Point is small enough to be passed in registers, field by field.
type Point struct{ X, Y int }

// Cents is a named integer.
type Cents int64

// Color has named constants, of which a binary keeps only the numbers.
type Color uint8

const (
	Red Color = iota
	Green
)

// Label is a named string.
type Label string

// Item is an element of a slice of structs.
type Item struct {
	SKU   string
	Count int32
	Price Cents
}

// Order has every kind of field, and is too large for registers.
type Order struct {
	ID       uint64
	Customer *Customer
	Items    []Item
	Tags     map[string]string
	Ready    bool
	small    int8 // unexported, followed by padding
	Total    Cents
	Ratio    float64
	Note     string
	At       Point
	Err      error
	Any      any
	Next     *Order
	Matrix   [2][2]int16
	Done     chan struct{}
	Hook     func() error
	_        [3]byte
	Color    Color
	Embedded
}

// Embedded is embedded in Order.
type Embedded struct {
	Depth int
	Inner struct{ Name Label }
}

// Customer is what Order points to.
type Customer struct {
	Name    string
	Address *Address
}

// Address is two pointers away from an order.
type Address struct {
	City    string
	Country [2]byte
}

// CodedError is an error with fields of its own.
type CodedError struct {
	Code   int
	Reason string
}

func (e *CodedError) Error() string { return fmt.Sprintf("code %d: %s", e.Code, e.Reason) }

// Stack is a generic type.
type Stack[T any] struct{ items []T }

var (
	manyInts = func() (list []int) {
		for i := 0; i < 900; i++ {
			list = append(list, i*i)
		}
		return list
	}()
	pointedTo    = 4711
	pointerToInt = &pointedTo
	buffered     = func() chan int {
		c := make(chan int, 8)
		c <- 1
		c <- 2
		c <- 3
		return c
	}()
	order = Order{
		ID:       9007199254740993, // 2^53 + 1
		Customer: &Customer{Name: "Ada", Address: &Address{City: "London", Country: [2]byte{'G', 'B'}}},
		Items:    []Item{{"apple", 3, 120}, {"pear", 1, 95}},
		Tags:     map[string]string{"gift": "yes"},
		Ready:    true,
		small:    -5,
		Total:    455,
		Ratio:    0.75,
		Note:     "leave at the door",
		At:       Point{11, 12},
		Err:      &CodedError{Code: 3, Reason: "stale"},
		Any:      Cents(5),
		Matrix:   [2][2]int16{{1, 2}, {3, 4}},
		Color:    Green,
		Embedded: Embedded{Depth: 2, Inner: struct{ Name Label }{"inner"}},
	}
)

func init() { order.Next = &order } // a cycle
