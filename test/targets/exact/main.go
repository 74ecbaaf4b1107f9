// Exact calls a few functions a known number of times, under everything that makes counting hard: many goroutines,
// stacks that grow at the entry and between entry and return, stacks that the collector shrinks and moves, preemption.
//
//	exact -calls 1000000 -goroutines 64
package main

import (
	"errors"
	"flag"
	"os"
	"runtime"
	"sync"

	"sidespan.test/gate"
)

var (
	calls      = flag.Int64("calls", 100_000, "calls of main.traced in all")
	goroutines = flag.Int("goroutines", 64, "goroutines that call at the same time")
	maxDepth   = flag.Int("depth", 40, "main.traced is called at random depths up to this")
	collect    = flag.Bool("gc", true, "run the garbage collector all the time")

	traced, leaf, deep gate.Tally
	failures, argSum   gate.Count

	errEvery = errors.New("every hundredth call fails")
)

// Traced is the function to probe: integer, string and slice arguments, two results, stack growth inside.
//
//go:noinline
func Traced(number int64, label string, parts []int32) (double int64, err error) {
	traced.Calls.Add(1)
	if number%7 == 0 {
		// Grows the stack between this function's entry and its return.
		Deep(int(number % 24))
	}
	if number%100 == 0 {
		traced.Returned.Add(1)
		return 0, errEvery
	}
	traced.Returned.Add(1)
	return number*2 + int64(len(label)) + int64(len(parts)), nil
}

// Leaf needs no stack check: so small that the compiler leaves it out.
//
//go:noinline
func Leaf(a, b int64) int64 { return a ^ b<<1 }

// Deep has a large frame and calls itself.
//
//go:noinline
func Deep(depth int) byte {
	deep.Calls.Add(1)
	var frame [512]byte
	frame[depth%len(frame)] = byte(depth)
	if depth > 0 {
		frame[0] += Deep(depth - 1)
	}
	deep.Returned.Add(1)
	return frame[0] + frame[depth%len(frame)]
}

// descend calls visit at the given depth, so that visit meets the stack's end at different places.
//
//go:noinline
func descend(depth int, visit func()) byte {
	var frame [96]byte
	frame[depth%len(frame)] = 1
	if depth == 0 {
		visit()
		return frame[0]
	}
	return descend(depth-1, visit) + frame[depth%len(frame)]
}

func main() {
	gate.Wait()

	stop := make(chan struct{})
	if *collect {
		go func() {
			for {
				select {
				case <-stop:
					return
				default:
					runtime.GC()
				}
			}
		}()
	}

	var next gate.Count
	var workers sync.WaitGroup
	for worker := 0; worker < *goroutines; worker++ {
		workers.Add(1)
		go func(seed uint64) {
			defer workers.Done()
			for work(&next, &seed) {
			}
		}(uint64(worker) + 1)
	}
	workers.Wait()
	close(stop)

	gate.Report(gate.Result{
		Pid: os.Getpid(),
		Go:  runtime.Version(),
		Functions: map[string]*gate.Tally{
			"main.Traced": &traced,
			"main.Leaf":   &leaf,
			"main.Deep":   &deep,
		},
		Extra: map[string]interface{}{"failures": failures.Load(), "argSum": argSum.Load()},
	})
}

// work makes up to 32 calls on a fresh goroutine, whose stack starts small again. It reports whether any are left.
func work(next *gate.Count, seed *uint64) bool {
	more := make(chan bool)
	go func() {
		parts := []int32{1, 2, 3}
		for i := 0; i < 32; i++ {
			number := next.Add(1)
			if number > *calls {
				more <- false
				return
			}
			descend(int(random(seed)%uint64(*maxDepth+1)), func() {
				if _, err := Traced(number, "label", parts); err != nil {
					failures.Add(1)
				}
				argSum.Add(number)
				if number%10 == 0 {
					leaf.Calls.Add(1)
					Leaf(number, 1)
					leaf.Returned.Add(1)
				}
			})
		}
		more <- true
	}()
	return <-more
}

// random is splitmix64: the same depths in every run, for each goroutine.
func random(state *uint64) uint64 {
	*state += 0x9e3779b97f4a7c15
	z := *state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
