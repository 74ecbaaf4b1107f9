package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"runtime"
	"sync"
)

// counts are this program's own, which a trace of it must equal. Status 0: the handler sent none through net/http.
var counts = struct {
	sync.Mutex
	Pid       int                      `json:"pid"`
	Go        string                   `json:"go"`
	Requests  int64                    `json:"requests"`
	Routes    map[string]map[int]int64 `json:"routes"`
	Functions map[string]int64         `json:"functions"`
}{
	Pid:       os.Getpid(),
	Go:        runtime.Version(),
	Routes:    map[string]map[int]int64{},
	Functions: map[string]int64{},
}

func count(route string, status int) {
	counts.Lock()
	defer counts.Unlock()
	counts.Requests++
	if counts.Routes[route] == nil {
		counts.Routes[route] = map[int]int64{}
	}
	counts.Routes[route][status]++
}

func countCall(function string) {
	counts.Lock()
	defer counts.Unlock()
	counts.Functions[function]++
}

func countsAsJSON() string {
	counts.Lock()
	defer counts.Unlock()
	text, err := json.Marshal(&counts)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// showCounts counts itself first, so that its answer is complete.
func showCounts(w http.ResponseWriter, r *http.Request) {
	count("GET /debug/counts", 200)
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, countsAsJSON()+"\n")
}
