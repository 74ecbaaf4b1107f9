// Steady calls a function at a steady rate. For each line "calls rate" on its standard input it answers with a line when
// that many calls are made.
package main

import (
	"fmt"
	"os"
	"time"
)

// Step is the function to trace. It calls another one, as functions that are worth tracing do: so it has a stack check,
// at which the kernel emulates the entry's probe instead of stepping over an instruction.
//
//go:noinline
func Step(number int) int { return triple(number) + 1 }

//go:noinline
func triple(number int) int { return number * 3 }

const tick = time.Millisecond

var sum int

func main() {
	fmt.Println("ready", os.Getpid())
	var calls, rate int
	for {
		if _, err := fmt.Scanln(&calls, &rate); err != nil {
			return
		}
		begun := time.Now()
		for made := 0; made < calls; time.Sleep(tick) {
			due := min(calls, int(time.Since(begun).Seconds()*float64(rate)))
			for ; made < due; made++ {
				sum += Step(made)
			}
		}
		fmt.Println("done", sum)
	}
}
