// Httpclient sends requests of every kind to servers of its own and says what it sent and what came of it.
//
//	httpclient      prints "ready PID"
//	> 100           each kind of request a hundred times, then one JSON object: attempts by kind and outcome
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
)

var plain, secure string // host:port of the servers

func main() {
	plain = serve(nil)
	secure = serve(&tls.Config{Certificates: []tls.Certificate{selfSigned()}})
	fmt.Printf("ready %d\n", os.Getpid())
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		times, err := strconv.Atoi(input.Text())
		if err != nil {
			log.Fatal(err)
		}
		outcomes := map[string]map[string]int{}
		for i := 0; i < times; i++ {
			for _, kind := range kinds {
				if outcomes[kind.name] == nil {
					outcomes[kind.name] = map[string]int{}
				}
				outcomes[kind.name][kind.send()]++
			}
		}
		text, err := json.Marshal(map[string]interface{}{"plain": plain, "secure": secure, "outcomes": outcomes})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(text))
	}
}

type kind struct {
	name string
	send func() string
}

var kinds = []kind{
	{"get", func() string { return do(clear, request("GET", "http://"+plain+"/ok/get?q=a%20b&page=2", "")) }},
	{"post", func() string { return do(clear, request("POST", "http://"+plain+"/ok/p%C3%B3st%2Fed", "some text")) }},
	{"streamed", func() string { return do(clear, streamed("http://"+plain+"/ok/streamed", "some text")) }},
	{"brew", func() string { return do(clear, request("BREW", "http://"+plain+"/status/418", "")) }},
	{"missing", func() string { return do(clear, request("GET", "http://"+plain+"/status/404", "")) }},
	{"failing", func() string { return do(clear, request("GET", "http://"+plain+"/status/503", "")) }},
	{"redirected", func() string { return do(clear, request("GET", "http://"+plain+"/redirect/2", "")) }},
	{"secret", func() string {
		return do(clear, request("GET", "http://someone:hunter2@"+plain+"/ok/secret?token=hunter3&sig=hunter4&plain=5", ""))
	}},
	{"refused", func() string { return do(clear, request("GET", "http://127.0.0.1:1/refused", "")) }},
	{"timeout", func() string { return give(context.DeadlineExceeded) }},
	{"cancelled", func() string { return give(context.Canceled) }},
	{"proxied", func() string { return do(clear, request("GET", "http://"+plain+"/proxy", "")) }},
	{"closing", func() string { return do(clear, request("GET", "http://"+plain+"/close", "")) }},
	{"tls", func() string { return do(over1, request("GET", "https://"+secure+"/ok/tls", "")) }},
	{"untrusted", func() string { return do(clear, request("GET", "https://"+secure+"/ok/untrusted", "")) }},
	{"http2", func() string { return do(over2, request("GET", "https://"+secure+"/ok/http2", "")) }},
	{"http2-post", func() string { return do(over2, request("POST", "https://"+secure+"/ok/http2", "some text")) }},
	{"http2-missing", func() string { return do(over2, request("GET", "https://"+secure+"/status/404", "")) }},
}

var (
	trusting = &tls.Config{InsecureSkipVerify: true}
	clear    = &http.Client{Transport: &http.Transport{}}
	// Another config than the default one turns HTTP/2 off unless it is asked for.
	over1 = &http.Client{Transport: &http.Transport{TLSClientConfig: trusting}}
	over2 = &http.Client{Transport: &http.Transport{TLSClientConfig: trusting.Clone(), ForceAttemptHTTP2: true}}
)

// streamed has a body of which nobody knows the length.
func streamed(url, body string) *http.Request {
	request, err := http.NewRequest("POST", url, io.MultiReader(strings.NewReader(body)))
	if err != nil {
		log.Fatal(err)
	}
	return request
}

func request(method, url, body string) *http.Request {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	request, err := http.NewRequest(method, url, reader)
	if err != nil {
		log.Fatal(err)
	}
	return request
}

// give gives a request up as soon as its handler has it, and waits until the server has ended it too: by the clock, a machine
// under load would now and then send no request, or end it after everything was counted.
func give(why error) string {
	ctx := &givenUp{Context: context.Background(), why: why, done: make(chan struct{})}
	go func() {
		<-begun
		close(ctx.done)
	}()
	outcome := do(clear, request("GET", "http://"+plain+"/sleep", "").WithContext(ctx))
	<-ended
	return outcome
}

// givenUp ends when somebody closes done.
type givenUp struct {
	context.Context
	why  error
	done chan struct{}
}

func (c *givenUp) Done() <-chan struct{} { return c.done }

func (c *givenUp) Err() error {
	select {
	case <-c.done:
		return c.why
	default:
		return nil
	}
}

type connectionKey struct{}

var (
	begun    = make(chan struct{}) // a handler of /sleep has its request
	ended    = make(chan struct{}) // its connection is closed: the request has ended
	sleeping sync.Map              // connections of such requests
)

// do says the status, or "error".
func do(client *http.Client, request *http.Request) string {
	response, err := client.Do(request)
	if err != nil {
		return "error"
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	return strconv.Itoa(response.StatusCode)
}

func serve(config *tls.Config) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/ok/", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "fine\n") })
	mux.HandleFunc("/status/", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/status/"))
		w.WriteHeader(code)
	})
	mux.HandleFunc("/redirect/", func(w http.ResponseWriter, r *http.Request) {
		left, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/redirect/"))
		target := "/ok/redirected"
		if left > 0 {
			target = fmt.Sprintf("/redirect/%d", left-1)
		}
		http.Redirect(w, r, target, http.StatusFound)
	})
	mux.HandleFunc("/sleep", func(w http.ResponseWriter, r *http.Request) {
		sleeping.Store(r.Context().Value(connectionKey{}), true)
		begun <- struct{}{}
		<-r.Context().Done()
	})
	// On the goroutine of the request.
	mux.HandleFunc("/proxy", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, do(clear, request("GET", "http://"+plain+"/ok/behind", "")))
	})
	mux.HandleFunc("/close", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
	})
	server := &http.Server{
		Handler:   mux,
		TLSConfig: config,
		ErrorLog:  log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, connection net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, connection)
		},
		ConnState: func(connection net.Conn, state http.ConnState) {
			if _, was := sleeping.Load(connection); was && state == http.StateClosed {
				sleeping.Delete(connection)
				ended <- struct{}{}
			}
		},
	}
	go func() {
		if config == nil {
			log.Fatal(server.Serve(listener))
		}
		log.Fatal(server.ServeTLS(listener, "", ""))
	}()
	return listener.Addr().String()
}
