package main

import (
	"errors"
	"strconv"
)

type Order struct {
	ID       int64
	Customer string
}

type Shop struct {
	Name string
}

var errDeclined = errors.New("declined")

//go:noinline
func Integers(a int8, b int64, c uint16, even bool) int64 {
	countCall("main.Integers")
	if even {
		return b * 2
	}
	return b + int64(a) + int64(c)
}

//go:noinline
func Texts(name string, words []string, raw []byte) string {
	countCall("main.Texts")
	return name + "/" + strconv.Itoa(len(words)+len(raw))
}

// Charge declines every tenth order.
//
//go:noinline
func (s *Shop) Charge(o Order, cents int64, currency string) (string, error) {
	countCall("main.(*Shop).Charge")
	if o.ID%10 == 0 {
		return "", errDeclined
	}
	return s.Name + "-" + o.Customer + "-" + strconv.FormatInt(cents, 10) + currency, nil
}

// Many has more arguments than there are registers.
//
//go:noinline
func Many(a, b, c, d, e, f, g, h, i, j int64, last string) int64 {
	countCall("main.Many")
	return a + b + c + d + e + f + g + h + i + j + int64(len(last))
}

// Grow needs a new stack in some of its calls: a large frame, and calls of itself.
//
//go:noinline
func Grow(depth int) byte {
	countCall("main.Grow")
	var frame [512]byte
	frame[depth%len(frame)] = byte(depth)
	if depth > 0 {
		frame[0] += Grow(depth - 1)
	}
	return frame[0] + frame[depth%len(frame)]
}
