// Host loads a plugin and calls its functions.
//
//	host PLUGIN
//
// It says "ready PID" when the plugin is loaded, waits for a line, makes its calls, and says "done".
package main

import (
	"bufio"
	"fmt"
	"os"
	"plugin"
	"time"
)

type item struct {
	Name  string
	Cents int64
}

//go:noinline
func handle(n int64, charge func(string, int64, interface{}) (string, error)) (id string, err error) {
	defer func() { recover() }()
	return charge("EUR", n, item{"tea", 250})
}

//go:noinline
func describe(what interface{}) string {
	return fmt.Sprint(what)
}

func main() {
	shop, err := plugin.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	symbol := func(name string) plugin.Symbol {
		s, err := shop.Lookup(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return s
	}
	charge := symbol("Charge").(func(string, int64, interface{}) (string, error))
	receipt := symbol("Receipt").(func() interface{})
	fmt.Println("ready", os.Getpid())
	bufio.NewReader(os.Stdin).ReadString('\n')
	for n := int64(0); n < 20; n++ {
		handle(n, charge)
	}
	describe(receipt())
	// What the plugin wrote is read while the program runs.
	time.Sleep(300 * time.Millisecond)
	fmt.Println("done")
	bufio.NewReader(os.Stdin).ReadString('\n')
}
