// Sixarguments calls a function with six arguments, or one without any, each time that its name comes on standard input.
//
//	sixarguments -calls 100000 -heap
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
)

type Address struct {
	Street string
	Number int
	Floor  int16
	Lift   bool
}

var kept int

//go:noinline
func Six(id int64, name, city string, tags []string, home Address, urgent bool) {
	kept += len(name) + len(city) + len(tags) + home.Number
}

//go:noinline
func None() { kept++; keep() }

//go:noinline
func keep() { kept++ }

// text returns a copy that is made at run time, or the constant itself.
func text(constant string, heap bool) string {
	if heap {
		return string(append([]byte(nil), constant...))
	}
	return constant
}

func main() {
	calls := flag.Int("calls", 100000, "of the function, each time")
	heap := flag.Bool("heap", false, "texts are made at run time, not constants")
	flag.Parse()
	fmt.Println("ready")
	name, city := text("Ada Lovelace", *heap), text("London", *heap)
	tags := []string{text("first", *heap), text("second", *heap), text("third", *heap)}
	home := Address{text("Main Street", *heap), 12, 3, true}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		for i := 0; i < *calls; i++ {
			if lines.Text() == "Six" {
				Six(int64(i), name, city, tags, home, i%2 == 0)
			} else {
				None()
			}
		}
		fmt.Println("done")
	}
}
