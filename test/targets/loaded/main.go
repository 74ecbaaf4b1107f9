// Loaded is built as a plugin or a C library: Go code that is no program of its own.
package main

func main() {}
