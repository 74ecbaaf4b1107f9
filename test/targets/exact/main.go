package main

import "fmt"

//go:noinline
func work(n int) int { return n + 1 }

func main() { fmt.Println(work(1)) }
