// Httpserver is a plain net/http server that counts its requests by route and status, and its own functions' calls.
//
//	httpserver -port 8080        prints "listening 127.0.0.1:8080"
//	curl 127.0.0.1:8080/debug/counts
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/ioutil"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	port := flag.Int("port", 0, "on 127.0.0.1; 0: any free one")
	secure := flag.Bool("tls", false, "serve HTTPS (and so HTTP/2) with a certificate made at start")
	flag.Parse()

	mux := http.NewServeMux()
	routes(mux)

	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: mux, ErrorLog: log.New(ioutil.Discard, "", 0)}
	fmt.Printf("listening %s\n", listener.Addr())

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		deadline, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		server.Shutdown(deadline)
	}()
	if *secure {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{selfSigned()}}
		err = server.ServeTLS(listener, "", "")
	} else {
		err = server.Serve(listener)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	fmt.Println(countsAsJSON())
}

func hello(w http.ResponseWriter, r *http.Request) {
	count("GET /hello", 200)
	io.WriteString(w, "hello\n")
}

// greet calls functions of this program, which belong under the request's span.
func greet(w http.ResponseWriter, r *http.Request) {
	text, err := Greeting(pathValue(r, "name"), 3)
	if err != nil {
		count("GET /greet/{name}", 400)
		http.Error(w, err.Error(), 400)
		return
	}
	count("GET /greet/{name}", 200)
	io.WriteString(w, text)
}

var errNobody = errors.New("nobody is not to be greeted")

// Greeting fails for the name "nobody".
//
//go:noinline
func Greeting(name string, exclamations int) (string, error) {
	countCall("main.Greeting")
	if name == "nobody" {
		return "", errNobody
	}
	return "Hello, " + Capitalize(name) + strings.Repeat("!", exclamations) + "\n", nil
}

//go:noinline
func Capitalize(word string) string {
	countCall("main.Capitalize")
	if word == "" {
		return word
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

func status(w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(pathValue(r, "code"))
	if err != nil || code < 200 || code > 599 {
		code = 400
	}
	count("/status/{code}", code)
	w.WriteHeader(code)
}

func echo(w http.ResponseWriter, r *http.Request) {
	count("POST /echo", 200)
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	io.Copy(w, r.Body)
}

// explode never answers: net/http recovers the panic and closes the connection.
func explode(w http.ResponseWriter, r *http.Request) {
	count("/panic", 0)
	panic("asked for")
}

func sleep(w http.ResponseWriter, r *http.Request) {
	duration, err := time.ParseDuration(r.URL.Query().Get("for"))
	if err != nil {
		duration = 20 * time.Millisecond
	}
	select {
	case <-time.After(duration):
	case <-r.Context().Done():
	}
	count("GET /sleep", 200)
	fmt.Fprintln(w, duration)
}

// hijack answers by itself, past net/http's response writer.
func hijack(w http.ResponseWriter, r *http.Request) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		count("GET /hijack", 501)
		http.Error(w, "HTTP/2 connections can't be hijacked", 501)
		return
	}
	connection, buffer, err := hijacker.Hijack()
	if err != nil {
		log.Print(err)
		return
	}
	defer connection.Close()
	count("GET /hijack", 0)
	buffer.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhijacked\n")
	buffer.Flush()
}

// stream writes its answer in pieces: chunked, without a length.
func stream(w http.ResponseWriter, r *http.Request) {
	pieces, err := strconv.Atoi(r.URL.Query().Get("pieces"))
	if err != nil {
		pieces = 5
	}
	count("GET /stream", 200)
	for i := 0; i < pieces; i++ {
		fmt.Fprintf(w, "piece %d\n", i)
		w.(http.Flusher).Flush()
		time.Sleep(time.Millisecond)
	}
}

// forward does what handlers do that pass the request on with a client.
func forward(w http.ResponseWriter, r *http.Request) {
	count("GET /forward/", 200)
	r.RequestURI = ""
	r.Method = "PUT"
	r.Header.Set("User-Agent", "forwarder")
	r.Header.Set("Traceparent", "00-11111111111111111111111111111111-2222222222222222-01")
	io.WriteString(w, "forwarded\n")
}

func missing(w http.ResponseWriter, r *http.Request) {
	count("/", 404)
	http.NotFound(w, r)
}
