//go:build go1.24

package main

import (
	"net"
	"net/http"
)

// serveHandler serves the handler, a *grpc.Server, over HTTP/2 without TLS by net/http's own server.
func serveHandler(listener net.Listener, handler http.Handler) error {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	server := http.Server{Handler: handler, Protocols: protocols}
	return server.Serve(listener)
}
