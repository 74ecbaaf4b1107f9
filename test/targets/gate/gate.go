// Package gate is what the target programs share: they start when told to, and say at the end what they did.
//
// A program prints "ready PID" and begins its work when a line arrives on its standard input, when it gets SIGUSR1,
// when the file of -start-file appears, or at once with -now. So probes can be in place before the first call.
// Its last line on standard output is one JSON object. With -hold it lives on until a second line, SIGTERM or SIGINT.
package gate

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

var (
	now       = flag.Bool("now", false, "start at once")
	startFile = flag.String("start-file", "", "start when this file exists")
	hold      = flag.Bool("hold", false, "after the report wait for a second line on stdin, SIGTERM or SIGINT")

	lines = make(chan struct{}, 2)
)

// Wait parses the command line, says that the program is ready, and returns when it is told to start.
func Wait() {
	if !flag.Parsed() {
		flag.Parse()
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR1)
	go readLines()
	fmt.Printf("ready %d\n", os.Getpid())
	if *now {
		return
	}
	for {
		select {
		case <-told:
			return
		case <-lines:
			return
		case <-time.After(20 * time.Millisecond):
			if *startFile == "" {
				continue
			}
			if _, err := os.Stat(*startFile); err == nil {
				return
			}
		}
	}
}

// Report prints what the program did as one line of JSON and, with -hold, keeps it alive.
func Report(result interface{}) {
	text, err := json.Marshal(result)
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
	fmt.Println(string(text))
	if !*hold {
		return
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-ended:
	case <-lines:
	}
}

// readLines ends at the end of input without starting anything: a program run with stdin from /dev/null waits on.
func readLines() {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		lines <- struct{}{}
	}
}
