// Assembly calls a function that is written in assembly: arguments on the stack, g in no register of its own.
package main

import (
	"flag"
	"os"
	"runtime"
	"sync"

	"sidespan.test/gate"
)

var (
	calls    = flag.Int("calls", 1000, "on each goroutine")
	addTally gate.Tally
)

// add leaves another value in R14, as code of ABI0 may.
func add(a, b int64) int64

// stop begins with an instruction that the kernel does not probe. Nobody calls it.
func stop()

// callC calls a function in C, where there is one.
var callC func(int) int

func main() {
	gate.Wait()
	if callC != nil {
		callC(7)
	}
	if *calls < 0 {
		stop()
	}
	var workers sync.WaitGroup
	for worker := 0; worker < 8; worker++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for i := 0; i < *calls; i++ {
				addTally.Calls.Add(1)
				if add(int64(i), 1000) != int64(i)+1000 {
					os.Exit(1)
				}
				addTally.Returned.Add(1)
				runtime.Gosched()
			}
		}()
	}
	workers.Wait()
	gate.Report(gate.Result{
		Pid:       os.Getpid(),
		Go:        runtime.Version(),
		Functions: map[string]*gate.Tally{"main.add": &addTally},
	})
}
