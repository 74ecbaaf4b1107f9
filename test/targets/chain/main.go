// Chain is a service that asks another one like it, and says whether every request came as it was sent.
//
//	chain -listen 127.0.0.1:8083 -tls                                  the last one; HTTP/1.1 and HTTP/2
//	chain -listen 127.0.0.1:8082 -next https://127.0.0.1:8083 -http2   asks it by HTTP/2
//	chain -drive http://127.0.0.1:8081 -n 1000 -c 8                    sends requests to the first one, then prints all counts
//	chain -listen 127.0.0.1:8083 -formats b3,b3multi                   expects requests to have these headers; else traceparent
//	chain -drive http://127.0.0.1:8081 -state a=b                      every second request belongs to a trace with that tracestate
//
// GET /work?kind=K does one of `kinds` at each service of the chain. GET /counts: an array of each service's counts.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"log"
	"math/rand"
	"net/http"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
)

// kinds of requests that a service sends to the next one.
var kinds = []string{"get", "post", "wide", "own", "lower", "long", "get", "post"}

// counts of the requests that came, by what they had.
type counts struct {
	Name     string           `json:"name"`
	Go       string           `json:"go"`
	Requests int64            `json:"requests"`
	Corrupt  int64            `json:"corrupt"`
	Protocol map[string]int64 `json:"protocol"`
	// By kind: with one of each header, valid and of the same trace, with the program's, without, with anything else.
	With    map[string]int64 `json:"with"`
	Own     map[string]int64 `json:"own"`
	Without map[string]int64 `json:"without"`
	Wrong   map[string]int64 `json:"wrong"`
	// Of requests of work, by the text; several lines joined.
	State map[string]int64 `json:"state"`
}

type service struct {
	mutex  sync.Mutex
	counts counts
	client *http.Client
	next   string
	// In the order of the formats; one of the first is what the program sends itself.
	headers []header
}

func main() {
	listen := flag.String("listen", "", "host:port")
	name := flag.String("name", "", "")
	next := flag.String("next", "", "URL of the next service")
	secure := flag.Bool("tls", false, "listen with TLS, and HTTP/2")
	http2 := flag.Bool("http2", false, "ask the next one by HTTP/2")
	expected := flag.String("formats", "tracecontext", "of the headers that requests have, separated by commas")
	state := flag.String("state", "", "tracestate of every second request that is sent")
	drive := flag.String("drive", "", "URL of the first service")
	requests := flag.Int64("n", 100, "requests to send")
	connections := flag.Int("c", 4, "at the same time")
	flag.Parse()
	if *drive != "" {
		send(*drive, *requests, *connections, *state)
		return
	}
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true},
		MaxIdleConnsPerHost: 64,
		ForceAttemptHTTP2:   *http2,
	}
	s := &service{next: *next, client: &http.Client{Transport: transport}}
	s.counts = counts{Name: *name, Go: runtime.Version(), Protocol: map[string]int64{}, With: map[string]int64{},
		Own: map[string]int64{}, Without: map[string]int64{}, Wrong: map[string]int64{}, State: map[string]int64{}}
	for _, name := range strings.Split(*expected, ",") {
		s.headers = append(s.headers, formats[name]...)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/work", s.work)
	mux.HandleFunc("/counts", s.all)
	server := &http.Server{Addr: *listen, Handler: mux, ErrorLog: log.New(io.Discard, "", 0)}
	fmt.Fprintf(os.Stderr, "%s listening on %s\n", *name, *listen)
	if *secure {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{selfSigned()}}
		log.Fatal(server.ListenAndServeTLS("", ""))
	}
	log.Fatal(server.ListenAndServe())
}

func (s *service) work(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	kind := r.URL.Query().Get("kind")
	isIntact := err == nil && (r.Header.Get("X-Sum") == "" || r.Header.Get("X-Sum") == sum(r.Header, body))
	s.count(r, kind, isIntact)
	if s.next == "" {
		fmt.Fprintln(w, "done")
		return
	}
	if err := s.ask(r.Context(), kind); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	fmt.Fprintln(w, "done")
}

func (s *service) count(r *http.Request, kind string, isIntact bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.counts.Requests++
	s.counts.Protocol[r.Proto]++
	if !isIntact {
		s.counts.Corrupt++
	}
	s.counts.State[strings.Join(r.Header["Tracestate"], ",")]++
	switch missing, valid, owns := s.found(r.Header); {
	case missing == len(s.headers):
		s.counts.Without[kind]++
	case owns == 1 && missing == len(s.headers)-1:
		s.counts.Own[kind]++
	case valid == len(s.headers):
		s.counts.With[kind]++
	default:
		s.counts.Wrong[kind]++
	}
}

// sum of all that a request says.
func sum(header http.Header, body []byte) string {
	var names []string
	for name := range header {
		if strings.HasPrefix(name, "X-Fill") {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	hash := crc32.NewIEEE()
	for _, name := range names {
		fmt.Fprintf(hash, "%s=%s\n", name, header[name])
	}
	hash.Write(body)
	return fmt.Sprint(len(names), hash.Sum32())
}

func text(size int) string {
	letters := make([]byte, size)
	for i := range letters {
		letters[i] = byte('a' + rand.Intn(26))
	}
	return string(letters)
}

func (s *service) ask(ctx context.Context, kind string) error {
	method, url := "GET", s.next+"/work?kind="+kind
	var body []byte
	if kind == "post" {
		method, body = "POST", []byte(text(rand.Intn(3000)))
	}
	if kind == "long" {
		// HTTP/1.1: the request line leaves no room in a buffer of 4096 bytes.
		url += "&fill=" + strings.Repeat("x", 4096-len("GET /work?kind=long&fill= HTTP/1.1\r\nHost: 127.0.0.1:8082\r\nUser-Agent: Go-http-client/1.1\r\n")-rand.Intn(69))
	}
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	headers := rand.Intn(4)
	if kind == "wide" {
		headers = 40
	}
	for i := 0; i < headers; i++ {
		request.Header.Set(fmt.Sprintf("X-Fill-%d", i), text(rand.Intn(100)))
	}
	switch kind {
	case "own":
		request.Header.Set(s.headers[0].name, s.headers[0].own)
	case "lower":
		request.Header[strings.ToLower(s.headers[0].name)] = []string{s.headers[0].own}
	}
	request.Header.Set("X-Sum", sum(request.Header, body))
	response, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	if response.StatusCode != 200 {
		return fmt.Errorf("%s answers %s", s.next, response.Status)
	}
	return nil
}

// all counts, of this service and those behind it.
func (s *service) all(w http.ResponseWriter, r *http.Request) {
	all := []json.RawMessage{}
	if s.next != "" {
		response, err := s.client.Get(s.next + "/counts")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer response.Body.Close()
		json.NewDecoder(response.Body).Decode(&all)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	mine, _ := json.Marshal(s.counts)
	json.NewEncoder(w).Encode(append([]json.RawMessage{mine}, all...))
}

// send sends requests of all kinds, by a program that is not traced.
func send(url string, requests int64, connections int, state string) {
	var sent, failed int64
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	var workers sync.WaitGroup
	for i := 0; i < connections; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for {
				n := atomic.AddInt64(&sent, 1)
				if n > requests {
					return
				}
				request, _ := http.NewRequest("GET", url+"/work?kind="+kinds[n%int64(len(kinds))], nil)
				// Of each kind as many as of the others: so many times, then as many times without.
				if state != "" && n/int64(len(kinds))%2 == 0 {
					request.Header.Set("traceparent", own)
					request.Header.Set("tracestate", state)
				}
				response, err := client.Do(request)
				if err != nil {
					atomic.AddInt64(&failed, 1)
					continue
				}
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
				if response.StatusCode != 200 {
					atomic.AddInt64(&failed, 1)
				}
			}
		}()
	}
	workers.Wait()
	response, err := client.Get(url + "/counts")
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	io.Copy(os.Stdout, response.Body)
	if failed > 0 {
		log.Fatalf("%d of %d requests failed", failed, requests)
	}
}
