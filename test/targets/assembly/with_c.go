//go:build cgo
// +build cgo

package main

import _ "sidespan.test/assembly/threadlocal"
