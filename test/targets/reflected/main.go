// Values in a reflect.Value, passed once. Compiles with every release from Go 1.15 on.
//
//	reflected
package main

import (
	"flag"
	"fmt"
	"io"
	"reflect"
	"time"
)

// Color is a named integer.
type Color uint8

// Order has a field of every way in which reflection holds a value.
type Order struct {
	ID     int
	Next   *Order
	Tags   []string
	Counts map[string]int
	Any    interface{}
	Err    error
	Call   func(int) int
	secret Color
	Nested struct{ Only *int }
}

// Total is there for a method value.
func (o Order) Total(by int) int { return o.ID * by }

//go:noinline
func takesValue(what string, v reflect.Value) string { return what }

//go:noinline
func takesLists(values []reflect.Value, holder *struct{ V reflect.Value }, any interface{}) int {
	return len(values)
}

//go:noinline
func returnsValue(v interface{}) (reflect.Value, error) { return reflect.ValueOf(v), nil }

// named leads to the types that it has.
//
//go:noinline
func named(o *Order, c Color) {}

var kept interface{}

func double(n int) int { return 2 * n }

func main() {
	flag.Parse()
	fmt.Println("running")
	time.Sleep(100 * time.Millisecond)
	seven := 7
	order := &Order{ID: 1, Next: &Order{ID: 2}, Tags: []string{"a", "b"}, Counts: map[string]int{"x": 3}, Any: "held", Err: io.EOF, Call: double, secret: 9}
	order.Nested.Only = &seven
	named(order, 3)
	elem := reflect.ValueOf(order).Elem()
	whole := reflect.ValueOf(*order)
	takesValue("zero", reflect.Value{})
	takesValue("int", reflect.ValueOf(-5))
	takesValue("text", reflect.ValueOf("text"))
	takesValue("float", reflect.ValueOf(2.5))
	takesValue("color", reflect.ValueOf(Color(3)))
	takesValue("nil pointer", reflect.ValueOf((*Order)(nil)))
	takesValue("pointer", reflect.ValueOf(order.Next))
	takesValue("map", reflect.ValueOf(order.Counts))
	takesValue("func", reflect.ValueOf(order.Call))
	takesValue("slice", reflect.ValueOf(order.Tags))
	for _, name := range []string{"ID", "Next", "Tags", "Counts", "Any", "Err", "Call", "secret", "Nested"} {
		takesValue("addressable "+name, elem.FieldByName(name))
		takesValue("field "+name, whole.FieldByName(name))
	}
	takesValue("only", elem.FieldByName("Nested").Field(0))
	takesValue("method", elem.MethodByName("Total"))
	takesValue("interface elem", elem.FieldByName("Any").Elem())
	kept = takesLists([]reflect.Value{reflect.ValueOf(1), {}, reflect.ValueOf("two")}, &struct{ V reflect.Value }{reflect.ValueOf(true)}, reflect.ValueOf(4))
	kept, _ = returnsValue("given")
	time.Sleep(300 * time.Millisecond)
}
