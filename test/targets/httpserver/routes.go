//go:build go1.22
// +build go1.22

package main

import "net/http"

func routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /hello", hello)
	mux.HandleFunc("GET /greet/{name}", greet)
	mux.HandleFunc("/status/{code}", status)
	mux.HandleFunc("POST /echo", echo)
	mux.HandleFunc("/panic", explode)
	mux.HandleFunc("GET /sleep", sleep)
	mux.HandleFunc("GET /hijack", hijack)
	mux.HandleFunc("GET /stream", stream)
	mux.HandleFunc("GET /forward/", forward)
	mux.HandleFunc("GET /debug/counts", showCounts)
	mux.HandleFunc("/", missing)
}

func pathValue(r *http.Request, name string) string { return r.PathValue(name) }
