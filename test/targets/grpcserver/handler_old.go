//go:build !go1.24

package main

import (
	"errors"
	"net"
	"net/http"
)

func serveHandler(net.Listener, http.Handler) error {
	return errors.New("net/http serves HTTP/2 without TLS from Go 1.24 on")
}
