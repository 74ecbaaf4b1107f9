//go:build !go1.22
// +build !go1.22

package main

import (
	"net/http"
	"strings"
)

// Before Go 1.22 patterns had neither methods nor wildcards. Build with -modfile=old.mod: go.mod asks for 1.22.
func routes(mux *http.ServeMux) {
	mux.HandleFunc("/hello", hello)
	mux.HandleFunc("/greet/", greet)
	mux.HandleFunc("/status/", status)
	mux.HandleFunc("/echo", echo)
	mux.HandleFunc("/panic", explode)
	mux.HandleFunc("/sleep", sleep)
	mux.HandleFunc("/hijack", hijack)
	mux.HandleFunc("/stream", stream)
	mux.HandleFunc("/forward/", forward)
	mux.HandleFunc("/debug/counts", showCounts)
	mux.HandleFunc("/", missing)
}

func pathValue(r *http.Request, name string) string {
	return r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
}
