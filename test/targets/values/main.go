// Values calls one function for each kind of argument and result, always with the values written here, so that a
// trace of it can be compared with this file.
//
//	values -every 100ms            until SIGTERM
//	values -rounds 10 -now         ten times each, then the counts
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"sidespan.test/gate"
)

var (
	every  = flag.Duration("every", 0, "pause between rounds")
	rounds = flag.Int("rounds", 0, "times that each function is called; 0: until SIGTERM")
)

// sink keeps results alive.
var sink any

func main() {
	flag.Parse()
	gate.Wait()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	pause := *every
	if pause == 0 && *rounds == 0 {
		pause = 100 * time.Millisecond
	}

	done := int64(0)
loop:
	for *rounds == 0 || done < int64(*rounds) {
		round()
		done++
		select {
		case <-stop:
			break loop
		case <-time.After(pause):
		}
	}
	gate.Report(map[string]any{"pid": os.Getpid(), "go": runtime.Version(), "rounds": done})
}

func round() {
	takesNothing()
	sink = takesIntegers(-8, -16, -32, -64, -128)
	sink = takesUnsigned(8, 16, 32, 1<<63+1, 0xdeadbeef, 'A')
	sink = takesBools(true, false, true)
	sink = takesFloats(1.5, -2.25, 7)
	sink = takesComplex(complex(1, -2))
	sink, _ = takesStrings("plain", "", "żółw\x00\n\"quoted\"", strings.Repeat("long ", 180))
	sink, _ = takesSlices([]int{10, 20, 30}, []string{"a", "bc", ""}, nil, []byte("bytes"), manyInts)
	sink = takesArrays([3]int16{1, 2, 3}, [1]string{"single"}, [0]int{}, [2]Point{{1, 2}, {3, 4}})
	sink = takesStruct(Point{X: 3, Y: -4})
	sink = takesBigStruct(order, 99)
	sink = takesPointers(&order, nil, pointerToInt, &pointerToInt)
	sink = takesInterfaces(context.Background(), 42, "text", Point{5, 6}, &Point{7, 8}, nil)
	sink = takesErrors(nil, io.EOF, fmt.Errorf("wrapped: %w", io.ErrUnexpectedEOF), &CodedError{Code: 7, Reason: "coded"})
	sink = takesMaps(map[string]int{"one": 1, "two": 2}, nil, map[Point]bool{})
	sink = takesChannels(buffered, nil, make(<-chan string))
	sink = takesFunctions(strings.ToUpper, nil, func(s string) string { return s + Order{}.Note })
	sink = takesNamed(3*time.Second, Cents(1999), Green, Label("tagged"))
	sink = takesMany(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, "eleven", true)
	sink = takesManyStrings("one", "two", "three", "four", "five", "six")
	sink, _ = takesMixed(1, 2.5, "three", []int{4}, Point{5, 6}, nil)
	sink = takesVariadic("sum", 1, 2, 3)
	sink = takesVariadic("none")
	_, _ = takesBlank(1, "ignored", 3)
	sink = Point{X: 1, Y: 2}.ByValue(10)
	sink = (&order).ByPointer("receiver")
	sink = Generic(int64(64), "generic int64")
	sink = Generic("text", "generic string")
	sink = Generic(Point{9, 10}, "generic struct")
	sink = Stack[string]{items: []string{"s"}}.Top("generic method")
	sink = takesUnsafe(order)
	sink = closure(5)
	sink, _ = divide(7, 2)
	sink, _ = divide(7, 0)
	sink, _ = find("present")
	sink, _ = find("absent")
	sink, _, _, _ = returnsMany(3)
	_ = validate(&order)
	_ = validate(nil)
	if name := safe("deep"); name != "" {
		sink = name
	}
}

func safe(cause string) (name string) {
	defer func() { name = fmt.Sprint(recover()) }()
	panics(cause)
	return ""
}

var errZero = errors.New("division by zero")
