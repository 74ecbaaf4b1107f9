//go:build go1.23

package main

import (
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// Loops over iterator functions: their bodies are functions, and unnamed results that are returned from within have no
// entry in the debug information.

//go:noinline
func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

//go:noinline
func loopReturns(n int, wanted string) (string, error) {
	for i := range count(n) {
		if i == len(wanted) {
			return wanted, nil
		}
	}
	return "", os.ErrNotExist
}

//go:noinline
func loopReturnsInlined(values []int) int {
	for value := range slices.Values(values) {
		if value > 3 {
			return value
		}
	}
	return -1
}

//go:noinline
func loopReturnsNamed(n int) (found bool, err error) {
	for i := range count(n) {
		if i == 7 {
			return true, nil
		}
	}
	return false, os.ErrNotExist
}

//go:noinline
func loopWithout(n int) (string, error) {
	text := ""
	for i := range count(n) {
		text += fmt.Sprint(i)
	}
	return text, nil
}

func useLoops(n int) {
	fmt.Fprintln(io.Discard, loopReturnsInlined([]int{n}))
	for range n {
		_, err := loopReturns(n, "")
		_, named := loopReturnsNamed(n)
		_, without := loopWithout(n)
		sink = []error{err, named, without}
	}
}
