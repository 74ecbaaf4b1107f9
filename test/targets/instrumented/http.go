package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Requests whose handlers may still run.
var running sync.WaitGroup

// What is waited for besides.
var lastCall = func() {}

func finish() {
	lastCall()
	running.Wait()
}

// call makes one call, of which n is in the path: pairs of spans are found by it.
type call func(n int)

// deadline passes when `passed` is closed.
type deadline struct {
	context.Context
	passed chan struct{}
}

func (d deadline) Done() <-chan struct{} { return d.passed }

func (d deadline) Err() error {
	select {
	case <-d.passed:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func routes(waits func()) http.Handler {
	mux := http.NewServeMux()
	handle := mux.HandleFunc
	handle("GET /plain/{id}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "plain") })
	handle("GET /status/{status}/{id}", func(w http.ResponseWriter, r *http.Request) {
		var status int
		fmt.Sscan(r.PathValue("status"), &status)
		w.WriteHeader(status)
	})
	handle("GET /panic/{id}", func(http.ResponseWriter, *http.Request) { panic("out of cheese") })
	handle("GET /late/{id}", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		w.(http.Flusher).Flush()
		panic(errors.New("too late"))
	})
	handle("GET /stream/{id}", func(w http.ResponseWriter, r *http.Request) {
		for range 3 {
			fmt.Fprintln(w, strings.Repeat("x", 1000))
			w.(http.Flusher).Flush()
		}
	})
	handle("POST /upload/{id}", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
	})
	handle("GET /redirect/{id}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/plain/"+r.PathValue("id"), http.StatusFound)
	})
	handle("GET /wait/{id}", func(w http.ResponseWriter, r *http.Request) {
		waits()
		<-r.Context().Done()
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	mux.Handle("GET /timeout/{id}", http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
	}), 5*time.Millisecond, "too late"))
	return mux
}

func httpCalls(protocol string, by middleware) []call {
	// Closed when a handler waits for its client to go.
	var waits chan struct{}
	observed := by.handler(routes(func() { close(waits) }))
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		running.Add(1)
		defer running.Done()
		observed.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	var transport *http.Transport
	if protocol == "2" {
		server.EnableHTTP2 = true
		server.StartTLS()
		config := server.Client().Transport.(*http.Transport).TLSClientConfig
		transport = &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: config.RootCAs}}
	} else {
		server.Start()
		transport = &http.Transport{}
	}
	client := &http.Client{Transport: by.transport(transport)}
	send := func(ctx context.Context, method, path, body string) {
		request, err := http.NewRequestWithContext(ctx, method, server.URL+path, strings.NewReader(body))
		if err != nil {
			log.Fatal(err)
		}
		if body == "" {
			request.Body = http.NoBody
		}
		response, err := client.Do(request)
		if err != nil {
			return
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	always := context.Background()
	get := func(format string) call {
		return func(n int) { send(always, http.MethodGet, fmt.Sprintf(format, n), "") }
	}
	// Not sent again where the connection broke.
	return []call{
		get("/plain/%d"), get("/plain/%d?a=1&b=2"), get("/status/204/%d"), get("/status/404/%d"), get("/status/500/%d"),
		get("/status/503/%d"), get("/nowhere/%d"), get("/panic/%d"), get("/late/%d"), get("/stream/%d"),
		get("/redirect/%d"), get("/timeout/%d"),
		func(n int) {
			send(always, http.MethodPost, fmt.Sprintf("/upload/%d", n), strings.Repeat("x", n%5000+1))
		},
		func(n int) { send(always, http.MethodHead, fmt.Sprintf("/plain/%d", n), "") },
		func(n int) { send(always, http.MethodDelete, fmt.Sprintf("/plain/%d", n), "") },
		func(n int) { send(always, "BREW", fmt.Sprintf("/plain/%d", n), "") },
		func(n int) {
			waits = make(chan struct{})
			send(deadline{always, waits}, http.MethodGet, fmt.Sprintf("/wait/%d", n), "")
		},
	}
}
