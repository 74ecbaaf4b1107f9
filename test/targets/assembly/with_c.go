//go:build cgo
// +build cgo

package main

import "sidespan.test/assembly/threadlocal"

func init() { callC = threadlocal.Touch }
