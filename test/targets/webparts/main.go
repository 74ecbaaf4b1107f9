// Webparts is a server and clients of HTTP in one program, by net/http and by golang.org/x/net/http2.
//
//	webparts     prints "listening HOST:PORT", of net/http's server
//
// Each line of standard input is a JSON object that says what to send: {"by": "http", "method": "GET", "url":
// "http://…/headers", "headers": {"X-A": ["1", "2"]}, "times": 3}. "by" is "http" or "http2", "to" in place of "url" is
// one of the servers: "http", "x-serveconn", "x-h2c" or "x-tls", with "path". It answers with a line: the statuses.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
)

func handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/headers", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/x-answer")
		w.Header()["X-Answer"] = []string{"first", "second"}
		w.Header().Set("Set-Cookie", "session=hunter2")
		w.WriteHeader(http.StatusAccepted)
		// Too late: it is not sent.
		w.Header().Set("X-Late", "late")
		io.WriteString(w, "headers")
	})
	mux.HandleFunc("/unwritten", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Answer", "only")
	})
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "nothing here", http.StatusNotFound) })
	return mux
}

var servers = map[string]string{}

func listen(name string) net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	servers[name] = listener.Addr().String()
	return listener
}

// serveConns serves connections by http2.Server's own ServeConn: nothing of net/http's server runs.
func serveConns(listener net.Listener) {
	server := new(http2.Server)
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go server.ServeConn(conn, &http2.ServeConnOpts{Handler: handler()})
	}
}

// serveTls serves TLS by net/http's server, which http2.ConfigureServer has told of golang.org/x/net's HTTP/2.
func serveTls(listener net.Listener) {
	server := &http.Server{Handler: handler(), TLSConfig: &tls.Config{Certificates: []tls.Certificate{selfSigned()}}}
	if err := http2.ConfigureServer(server, new(http2.Server)); err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.ServeTLS(listener, "", ""))
}

var clients = map[string]*http.Client{
	"http": {Transport: &http.Transport{}},
	"http2": {Transport: &http2.Transport{
		AllowHTTP:       true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DialTLSContext: func(ctx context.Context, network, address string, config *tls.Config) (net.Conn, error) {
			if address == servers["x-tls"] {
				return (&tls.Dialer{Config: config}).DialContext(ctx, network, address)
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}},
}

type order struct {
	By, Method, To, Path, Url, Body string
	Headers                         http.Header
	Times                           int
}

func (o order) send() string {
	url := o.Url
	if o.To != "" {
		scheme := "http"
		if o.To == "x-tls" {
			scheme = "https"
		}
		url = scheme + "://" + servers[o.To] + o.Path
	}
	request, err := http.NewRequest(o.Method, url, strings.NewReader(o.Body))
	if err != nil {
		log.Fatal(err)
	}
	for name, values := range o.Headers {
		request.Header[name] = values
	}
	response, err := clients[o.By].Do(request)
	if err != nil {
		return "error"
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	return fmt.Sprint(response.StatusCode)
}

func main() {
	log.SetOutput(io.Discard)
	go serveConns(listen("x-serveconn"))
	go http.Serve(listen("x-h2c"), h2c.NewHandler(handler(), new(http2.Server)))
	go serveTls(listen("x-tls"))
	plain := listen("http")
	go http.Serve(plain, handler())
	fmt.Printf("listening %s\n", plain.Addr())
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := input.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var o order
			if err := json.Unmarshal(line, &o); err != nil {
				log.Fatal(err)
			}
			var statuses []string
			for i := 0; i < max(o.Times, 1); i++ {
				statuses = append(statuses, o.send())
			}
			fmt.Println(strings.Join(statuses, " "))
		}
		if err != nil {
			return
		}
	}
}
