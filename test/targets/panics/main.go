// Panics ends calls in every way that is not a return, and counts which function's calls ended how.
//
//	panics -rounds 100
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"

	"sidespan.test/gate"
)

var (
	rounds = flag.Int("rounds", 100, "times that every case is run")
	crash  = flag.Bool("crash", false, "end by a panic that nobody recovers from")
	deeper = flag.Int("deeper", 0, "added to the depth at which main.descend panics, and main.leave ends its goroutine")
)

var functions = map[string]*gate.Tally{
	"main.recoverFrom":   {},
	"main.descend":       {},
	"main.explode":       {},
	"main.repanic":       {},
	"main.recoverInside": {},
	"main.panicInDefer":  {},
	"main.nilPointer":    {},
	"main.outOfRange":    {},
	"main.divide":        {},
	"main.leave":         {},
	"main.quietly":       {},
	"main.abort":         {},
	"main.steady":        {},
}

var errExploded = errors.New("exploded")

// recoverFrom returns, with the panic as its error. Its own RET is executed after the recovery.
//
//go:noinline
func recoverFrom(depth int, cause func(int)) (err error) {
	functions["main.recoverFrom"].Calls.Add(1)
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("recovered: %v", value)
		}
		functions["main.recoverFrom"].Returned.Add(1)
	}()
	descend(depth, cause)
	return nil
}

// descend is unwound at every depth.
//
//go:noinline
func descend(depth int, cause func(int)) int {
	functions["main.descend"].Calls.Add(1)
	if depth == 0 {
		functions["main.descend"].Panicked.Add(1)
		cause(depth)
		return 0
	}
	functions["main.descend"].Panicked.Add(1)
	return descend(depth-1, cause) + depth
}

//go:noinline
func explode(number int) {
	functions["main.explode"].Calls.Add(1)
	functions["main.explode"].Panicked.Add(1)
	if number >= 0 {
		panic(errExploded)
	}
}

// repanic recovers and panics again with another value: it is unwound by its own second panic.
//
//go:noinline
func repanic(number int) {
	functions["main.repanic"].Calls.Add(1)
	functions["main.repanic"].Panicked.Add(1)
	defer func() {
		if value := recover(); value != nil {
			panic(fmt.Sprintf("again: %v", value))
		}
	}()
	explode(number)
}

// recoverInside survives: a deferred call panics and recovers on its own while the first panic is on its way.
//
//go:noinline
func recoverInside(number int) {
	functions["main.recoverInside"].Calls.Add(1)
	functions["main.recoverInside"].Panicked.Add(1)
	defer func() {
		// Returns normally, with its own panic recovered; the outer one goes on.
		_ = quietly(number)
	}()
	explode(number)
}

//go:noinline
func quietly(number int) (err error) {
	functions["main.quietly"].Calls.Add(1)
	defer func() {
		err = fmt.Errorf("quiet: %v", recover())
		functions["main.quietly"].Returned.Add(1)
	}()
	explode(number)
	return nil
}

// panicInDefer panics in a deferred call during a panic: the second replaces the first.
//
//go:noinline
func panicInDefer(number int) {
	functions["main.panicInDefer"].Calls.Add(1)
	functions["main.panicInDefer"].Panicked.Add(1)
	defer func() { explode(number) }()
	explode(number)
}

type node struct{ value [4]int }

// nilPointer faults: its panic comes from a signal, not from a call.
//
//go:noinline
func nilPointer(at *node) int {
	functions["main.nilPointer"].Calls.Add(1)
	functions["main.nilPointer"].Panicked.Add(1)
	return at.value[2]
}

//go:noinline
func outOfRange(list []int, index int) int {
	functions["main.outOfRange"].Calls.Add(1)
	functions["main.outOfRange"].Panicked.Add(1)
	return list[index]
}

//go:noinline
func divide(a, b int) int {
	functions["main.divide"].Calls.Add(1)
	functions["main.divide"].Panicked.Add(1)
	return a / b
}

// leave ends its goroutine, with calls open at every depth.
//
//go:noinline
func leave(depth int) {
	functions["main.leave"].Calls.Add(1)
	functions["main.leave"].Goexited.Add(1)
	if depth > 0 {
		leave(depth - 1)
		return
	}
	runtime.Goexit()
}

// abort is unwound by a panic that a deferred Goexit then takes over.
//
//go:noinline
func abort(number int) {
	functions["main.abort"].Calls.Add(1)
	functions["main.abort"].Panicked.Add(1)
	defer runtime.Goexit()
	explode(number)
}

// steady is called between the cases, on the same goroutine: nothing before it may hide or change its calls.
//
//go:noinline
func steady(number int) (int, error) {
	functions["main.steady"].Calls.Add(1)
	defer functions["main.steady"].Returned.Add(1)
	if number < 0 {
		return 0, errExploded
	}
	return number + 1, nil
}

func main() {
	gate.Wait()
	for round := 0; round < *rounds; round++ {
		depth := round%12 + *deeper
		for _, cause := range []func(int){
			explode, repanic, recoverInside, panicInDefer,
			func(int) { nilPointer(nil) },
			func(int) { outOfRange([]int{1, 2, 3}, 3) },
			func(int) { divide(1, 0) },
		} {
			if recoverFrom(depth, cause) == nil {
				fmt.Fprintln(os.Stderr, "a case did not panic")
				os.Exit(1)
			}
			steady(round)
		}
		inGoroutine(func() { leave(depth) })
		inGoroutine(func() { abort(round) })
		inGoroutine(func() {
			// Goexit runs this deferred call, whose own panic and recovery do not stop it.
			defer quietly(round)
			leave(depth)
		})
		steady(round)
	}
	gate.Report(gate.Result{Pid: os.Getpid(), Go: runtime.Version(), Functions: functions})
	if *crash {
		descend(2, explode)
	}
}

func inGoroutine(body func()) {
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		body()
	}()
	done.Wait()
}
