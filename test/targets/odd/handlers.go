package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"
)

var errNoWay = errors.New("no way")

// Goroutines of handlers that have returned.
var outliving sync.WaitGroup

//go:noinline
func failDeep(depth int) {
	if depth == 0 {
		panic(errNoWay)
	}
	failDeep(depth - 1)
}

//go:noinline
func readNil(list *[4]int) int {
	return list[3]
}

func handlers() http.Handler {
	mux := http.NewServeMux()
	handle := func(name string, handler http.HandlerFunc) {
		mux.HandleFunc("/"+name+"/", handler)
	}
	handle("panic", func(http.ResponseWriter, *http.Request) { failDeep(3) })
	handle("panic-text", func(http.ResponseWriter, *http.Request) { panic("out of cheese") })
	handle("panic-number", func(http.ResponseWriter, *http.Request) { panic(42) })
	handle("panic-nil", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, readNil(nil)) })
	handle("panic-bounds", func(_ http.ResponseWriter, r *http.Request) { _ = []int{1, 2, 3}[len(r.URL.Path)] })
	handle("panic-abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	// Written, but not sent.
	handle("panic-buffered", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, "a little")
		failDeep(0)
	})
	handle("panic-late", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, "a little")
		w.(http.Flusher).Flush()
		failDeep(0)
	})
	handle("recovered", func(http.ResponseWriter, *http.Request) { failDeep(1) })
	// Recovered, and answered with 200.
	handle("swallowed", func(http.ResponseWriter, *http.Request) { failDeep(1) })
	handle("goexit", func(http.ResponseWriter, *http.Request) { runtime.Goexit() })
	handle("hijack", func(w http.ResponseWriter, _ *http.Request) {
		connection, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotImplemented)
			return
		}
		defer connection.Close()
		io.WriteString(buffered, "HTTP/1.1 203 Own\r\nContent-Length: 3\r\nConnection: close\r\n\r\nown")
		buffered.Flush()
	})
	handle("websocket", webSocket)
	handle("events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for n := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", n)
			w.(http.Flusher).Flush()
		}
	})
	handle("hints", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
	})
	handle("nothing", func(http.ResponseWriter, *http.Request) {})
	handle("not-modified", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) })
	handle("twice", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		w.WriteHeader(http.StatusOK)
	})
	handle("redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, strings.Replace(r.URL.Path, "redirect", "nothing", 1), http.StatusFound)
	})
	handle("upload", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			http.Error(w, "cut short", http.StatusBadRequest)
		}
	})
	// Until the client has gone.
	handle("cancelled", func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	mux.Handle("/timeout/", http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		w.WriteHeader(http.StatusAccepted)
	}), 20*time.Millisecond, "too late"))
	// Longer than the write timeout of the server that it is sent to.
	handle("write-timeout", func(http.ResponseWriter, *http.Request) { time.Sleep(80 * time.Millisecond) })
	handle("outlive", func(w http.ResponseWriter, r *http.Request) {
		outliving.Add(1)
		go func() {
			defer outliving.Done()
			time.Sleep(20 * time.Millisecond)
			_ = r.Header.Get("User-Agent")
		}()
		w.WriteHeader(http.StatusAccepted)
	})
	connect := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			mux.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
	})
	return connect
}

// Answers what it gets, as one frame of up to 125 bytes, once.
func webSocket(w http.ResponseWriter, r *http.Request) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		http.Error(w, "not over this protocol", http.StatusNotImplemented)
		return
	}
	connection, buffered, err := hijacker.Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotImplemented)
		return
	}
	defer connection.Close()
	io.WriteString(buffered, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
	buffered.Flush()
	frame := make([]byte, 4)
	io.ReadFull(buffered, frame)
	connection.Write(frame)
}
