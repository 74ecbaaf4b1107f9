// Odd serves requests that do not simply return, over HTTP/1.1 and HTTP/2, sends each of them itself, and tells what the
// client saw.
//
//	odd -rounds 3
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"time"
)

var rounds = flag.Int("rounds", 1, "times that every case is run")

// Seen is what the client saw of a request, of which the path is its own.
type Seen struct {
	Case     string `json:"case"`
	Protocol string `json:"protocol"`
	Path     string `json:"path"`
	// 0: no status came.
	Status int `json:"status"`
	// The answer was cut short, or none came.
	Broken bool `json:"broken"`
	// How often the server got it: clients try again where a connection broke.
	Requests int `json:"requests"`
}

// By path.
var (
	arrived     = map[string]int{}
	arrivedLock sync.Mutex
)

// Servers of one protocol: the second one has a short write timeout.
type servers struct {
	protocol    string
	usual, slow *httptest.Server
}

func serve(protocol string) servers {
	start := func(timeout time.Duration) *httptest.Server {
		server := httptest.NewUnstartedServer(recovering(handlers()))
		server.Config.WriteTimeout = timeout
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		if protocol == "2" {
			server.EnableHTTP2 = true
			server.StartTLS()
		} else {
			server.Start()
		}
		return server
	}
	return servers{protocol, start(0), start(40 * time.Millisecond)}
}

func main() {
	flag.Parse()
	all := []servers{serve("1.1"), serve("2")}
	fmt.Println("ready", os.Getpid())
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		var seen []Seen
		for round := 0; round < *rounds; round++ {
			for _, each := range all {
				seen = append(seen, sendAll(each, round)...)
			}
		}
		// What outlives its request.
		outliving.Wait()
		time.Sleep(100 * time.Millisecond)
		arrivedLock.Lock()
		for i := range seen {
			seen[i].Requests = arrived[seen[i].Path]
		}
		arrivedLock.Unlock()
		line, err := json.Marshal(seen)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(line))
	}
}

// As most programs have it: under /recovered a panic is answered with 500.
func recovering(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrivedLock.Lock()
		arrived[r.URL.Path]++
		arrivedLock.Unlock()
		if prefix(r.URL.Path, "/recovered") || prefix(r.URL.Path, "/swallowed") {
			defer func() {
				if recover() != nil && prefix(r.URL.Path, "/recovered") {
					http.Error(w, "sorry", http.StatusInternalServerError)
				}
			}()
		}
		next.ServeHTTP(w, r)
	})
}

func prefix(path, of string) bool {
	return len(path) >= len(of) && path[:len(of)] == of
}
