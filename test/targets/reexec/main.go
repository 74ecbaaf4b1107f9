// Reexec replaces itself by the program named in its first argument, or by itself, at every SIGHUP: same pid, same start
// time, another image. It prints "ready" after each start.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	fmt.Println("ready")
	<-hangup
	arguments := os.Args
	if len(os.Args) > 1 {
		arguments = os.Args[1:]
	}
	self, err := os.Executable()
	if err == nil {
		if len(os.Args) > 1 {
			self = os.Args[1]
		}
		err = syscall.Exec(self, arguments, os.Environ())
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
