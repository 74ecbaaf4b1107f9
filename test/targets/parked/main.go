// Parked has many goroutines wait within one function, so that a tracer can come and go meanwhile.
//
//	parked -goroutines 10000      prints "ready PID" when that many wait in main.Park
//
// Each line on standard input is a step, answered by a line when it is done:
//
//	more      as many goroutines again, and these call main.Park and, within it, main.Inner
//	first     the first ones return
//	half      half of the others return
//	rest      all return; the answer is the report, and the program ends
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"

	"sidespan.test/gate"
)

var (
	goroutines = flag.Int("goroutines", 10_000, "that wait, each of the two times")

	parkTally, innerTally gate.Tally
	inside, gone          sync.WaitGroup
)

// Park waits until it may go.
//
//go:noinline
func Park(batch string, number int, release <-chan struct{}) int {
	parkTally.Calls.Add(1)
	result := number
	if batch == "second" {
		result = Inner(number, release)
	} else {
		inside.Done()
		<-release
	}
	parkTally.Returned.Add(1)
	return result
}

//go:noinline
func Inner(number int, release <-chan struct{}) int {
	innerTally.Calls.Add(1)
	inside.Done()
	<-release
	innerTally.Returned.Add(1)
	return number
}

func park(batch string, number int, release <-chan struct{}) {
	inside.Add(1)
	gone.Add(1)
	go func() {
		defer gone.Done()
		Park(batch, number, release)
	}()
}

func main() {
	flag.Parse()
	first, half, rest := make(chan struct{}), make(chan struct{}), make(chan struct{})
	for number := 0; number < *goroutines; number++ {
		park("first", number, first)
	}
	inside.Wait()
	fmt.Printf("ready %d\n", os.Getpid())

	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		switch in.Text() {
		case "more":
			for number := 0; number < *goroutines; number++ {
				release := half
				if number%2 == 1 {
					release = rest
				}
				park("second", number, release)
			}
			inside.Wait()
		case "first":
			close(first)
			waitUntil(int64(*goroutines))
		case "half":
			close(half)
			waitUntil(int64(*goroutines + (*goroutines+1)/2))
		case "rest":
			close(rest)
			gone.Wait()
			gate.Report(gate.Result{
				Pid: os.Getpid(),
				Go:  runtime.Version(),
				Functions: map[string]*gate.Tally{
					"main.Park":  &parkTally,
					"main.Inner": &innerTally,
				},
			})
			return
		}
		fmt.Println(in.Text())
	}
}

// waitUntil returns when so many goroutines that were parked have ended.
func waitUntil(returned int64) {
	for parkTally.Returned.Load() < returned {
		runtime.Gosched()
	}
	// They have counted, and only their return is left.
	for runtime.NumGoroutine() > 2*(*goroutines)+1-int(returned) && parkTally.Calls.Load() == int64(2*(*goroutines)) {
		runtime.Gosched()
	}
}
