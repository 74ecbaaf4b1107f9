// Recursion calls functions that are open many times on one goroutine.
//
//	recursion -depth 1000 -rounds 20
package main

import (
	"flag"
	"os"
	"runtime"

	"sidespan.test/gate"
)

var (
	depth  = flag.Int("depth", 1000, "of main.countdown and of the mutual recursion")
	fibOf  = flag.Int("fib", 15, "main.fib is called with this number")
	rounds = flag.Int("rounds", 20, "times that each is called from outside")

	countdownTally, fibTally, evenTally, oddTally, walkTally gate.Tally
)

// countdown is open `depth` times at once.
//
//go:noinline
func countdown(left int, label string) int {
	countdownTally.Calls.Add(1)
	sum := 1
	if left > 0 {
		sum += countdown(left-1, label)
	}
	countdownTally.Returned.Add(1)
	return sum
}

// fib opens and closes at changing depths.
//
//go:noinline
func fib(n int) int {
	fibTally.Calls.Add(1)
	result := n
	if n > 1 {
		result = fib(n-1) + fib(n-2)
	}
	fibTally.Returned.Add(1)
	return result
}

//go:noinline
func even(n int) bool {
	evenTally.Calls.Add(1)
	result := true
	if n > 0 {
		result = odd(n - 1)
	}
	evenTally.Returned.Add(1)
	return result
}

//go:noinline
func odd(n int) bool {
	oddTally.Calls.Add(1)
	result := false
	if n > 0 {
		result = even(n - 1)
	}
	oddTally.Returned.Add(1)
	return result
}

type tree struct {
	left, right *tree
	value       int
}

// walk is a method that calls itself with another receiver.
//
//go:noinline
func (t *tree) walk(visit func(int)) {
	walkTally.Calls.Add(1)
	if t != nil {
		t.left.walk(visit)
		visit(t.value)
		t.right.walk(visit)
	}
	walkTally.Returned.Add(1)
}

func grow(levels int) *tree {
	if levels == 0 {
		return nil
	}
	return &tree{left: grow(levels - 1), right: grow(levels - 1), value: levels}
}

func main() {
	gate.Wait()
	sum := 0
	root := grow(6)
	for round := 0; round < *rounds; round++ {
		done := make(chan struct{})
		// A fresh goroutine: the stack grows again from its smallest size.
		go func() {
			sum += countdown(*depth, "down")
			sum += fib(*fibOf)
			even(*depth)
			root.walk(func(value int) { sum += value })
			close(done)
		}()
		<-done
	}
	gate.Report(gate.Result{
		Pid: os.Getpid(),
		Go:  runtime.Version(),
		Functions: map[string]*gate.Tally{
			"main.countdown":    &countdownTally,
			"main.fib":          &fibTally,
			"main.even":         &evenTally,
			"main.odd":          &oddTally,
			"main.(*tree).walk": &walkTally,
		},
		Extra: map[string]interface{}{"sum": sum},
	})
}
