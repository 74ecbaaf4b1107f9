package main

import "C"
import "fmt"

//export Hello
func Hello(count C.int) { fmt.Println("hello", int(count)) }
