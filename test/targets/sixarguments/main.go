// Sixarguments calls a function with six arguments, or one without any, each time that its name comes on standard input.
//
//	sixarguments -calls 100000
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

func main() {
	calls := flag.Int("calls", 100000, "of the function, each time")
	flag.Parse()
	fmt.Println("ready")
	tags := []string{"first", "second", "third"}
	home := Address{"Main Street", 12, 3, true}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		for i := 0; i < *calls; i++ {
			if lines.Text() == "Six" {
				Six(int64(i), "Ada Lovelace", "London", tags, home, i%2 == 0)
			} else {
				None()
			}
		}
		fmt.Println("done")
	}
}
