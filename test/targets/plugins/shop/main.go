// Shop is a plugin: it charges 0, 1, 2 … cents, refuses those that end in 9 and panics at those that end in 5.
package main

import (
	"errors"
	"fmt"
	"strings"
)

type receipt struct {
	Currency string
	Cents    int64
	Note     interface{}
}

type refusal struct{ Cents int64 }

func (r *refusal) Error() string { return fmt.Sprint("refused ", r.Cents) }

//go:noinline
func write(r *receipt, note interface{}) string {
	r.Note = note
	return fmt.Sprintf("%s-%d", r.Currency, r.Cents)
}

//go:noinline
func check(cents int64) error {
	switch cents % 10 {
	case 5:
		panic("five")
	case 8:
		return errors.New("no eights")
	case 9:
		return &refusal{cents}
	}
	return nil
}

//go:noinline
func Charge(currency string, cents int64, what interface{}) (string, error) {
	if err := check(cents); err != nil {
		return "", err
	}
	return strings.ToLower(write(&receipt{Currency: currency, Cents: cents}, receipt{Currency: "note"})), nil
}

func Receipt() interface{} { return receipt{Currency: "EUR", Cents: 7, Note: "host"} }

func main() {}
