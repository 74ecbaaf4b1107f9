// Package tally is the shop's own count of what it did, so that what was seen from outside can be compared with it.
package tally

import (
	"encoding/json"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
)

// Path is where the counts can be read.
const Path = "/debug/counts"

var counts = struct {
	mu sync.Mutex

	Pid       int                         `json:"pid"`
	Go        string                      `json:"go"`
	Requests  map[string]map[string]int64 `json:"requests"`  // by route and HTTP status
	Calls     map[string]map[string]int64 `json:"calls"`     // by gRPC method and status
	Functions map[string]int64            `json:"functions"` // by symbol
}{
	Pid:       os.Getpid(),
	Go:        runtime.Version(),
	Requests:  map[string]map[string]int64{},
	Calls:     map[string]map[string]int64{},
	Functions: map[string]int64{},
}

// Call counts a call of a function.
func Call(function string) {
	counts.mu.Lock()
	defer counts.mu.Unlock()
	counts.Functions[function]++
}

// RPC counts a served gRPC call.
func RPC(method, status string) {
	counts.mu.Lock()
	defer counts.mu.Unlock()
	add(counts.Calls, method, status)
}

func request(route string, status int) {
	counts.mu.Lock()
	defer counts.mu.Unlock()
	add(counts.Requests, route, strconv.Itoa(status))
}

func add(table map[string]map[string]int64, row, column string) {
	if table[row] == nil {
		table[row] = map[string]int64{}
	}
	table[row][column]++
}

// Handler counts the requests of a mux, and answers Path with the counts.
func Handler(mux *http.ServeMux) http.Handler {
	mux.HandleFunc("GET "+Path, show)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == Path {
			// Counts itself before it answers: who reads the counts has them complete.
			request("GET "+Path, http.StatusOK)
			mux.ServeHTTP(w, r)
			return
		}
		recorder := &recorder{ResponseWriter: w, status: http.StatusOK}
		mux.ServeHTTP(recorder, r)
		route := r.Pattern
		if route == "" {
			route = "(none)"
		}
		request(route, recorder.status)
	})
}

func show(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	counts.mu.Lock()
	defer counts.mu.Unlock()
	json.NewEncoder(w).Encode(&counts)
}

type recorder struct {
	http.ResponseWriter
	status  int
	written bool
}

func (r *recorder) WriteHeader(status int) {
	if !r.written {
		r.status, r.written = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(body []byte) (int, error) {
	r.written = true
	return r.ResponseWriter.Write(body)
}

// Unwrap lets http.ResponseController flush.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
