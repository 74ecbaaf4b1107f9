// Phases is a server and a client of HTTP in one program; each part of a request takes 40 ms at least.
//
//	phases     sends requests as it is told, a line each: "http" (HTTP/1.1), "http2", "retried", "posted"; prints "done" after each,
//	           or the error
//
// The request has a body of which the rest comes 40 ms after the handler has begun; before the handler comes a hook that sleeps (HTTP/1.1
// only), then it sleeps itself; the answer is larger than all buffers and not read for 40 ms. Making a connection takes 40 ms.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const part = 40 * time.Millisecond
const answerBytes = 24 << 20

var begun = make(chan struct{}, 1)

func work(w http.ResponseWriter, r *http.Request) {
	begun <- struct{}{}
	io.Copy(io.Discard, r.Body)
	time.Sleep(part)
	some := bytes.Repeat([]byte("answer "), 9362)
	for left := answerBytes; left > 0; left -= len(some) {
		if _, err := w.Write(some); err != nil {
			return
		}
	}
}

// lateBody is a request's body whose second half comes late.
type lateBody struct{ reads int }

func (b *lateBody) Read(p []byte) (int, error) {
	b.reads++
	switch b.reads {
	case 2:
		<-begun
		time.Sleep(part)
	case 3:
		return 0, io.EOF
	}
	// More than net/http keeps back.
	return copy(p, bytes.Repeat([]byte("x"), 16<<10)), nil
}

func listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	return listener
}

// forgetful answers one request of each connection, and closes it when the next one comes, but for its second connection.
func forgetful(listener net.Listener) {
	for n := 0; ; n++ {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		reader := bufio.NewReader(conn)
		if _, err := http.ReadRequest(reader); err == nil {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
		http.ReadRequest(reader)
		conn.Close()
	}
}

func main() {
	log.SetOutput(io.Discard)
	late := func(ctx context.Context, network, address string) (net.Conn, error) {
		time.Sleep(part)
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	plain, secure, closing := listen(), listen(), listen()
	server := &http.Server{Handler: http.HandlerFunc(work), ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateActive {
			time.Sleep(part)
		}
	}}
	go server.Serve(plain)
	http2 := &http.Server{Handler: http.HandlerFunc(work), TLSConfig: &tls.Config{Certificates: []tls.Certificate{selfSigned()}}}
	go http2.ServeTLS(secure, "", "")
	go forgetful(closing)

	client := &http.Client{Transport: &http.Transport{
		DialContext: late, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true,
	}}
	urls := map[string]string{
		"http":    "http://" + plain.Addr().String() + "/work",
		"http2":   "https://" + secure.Addr().String() + "/work",
		"retried": "http://" + closing.Addr().String() + "/retried",
	}
	fmt.Printf("listening %s\n", plain.Addr())
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		kind := strings.TrimSpace(input.Text())
		var response *http.Response
		var err error
		if kind == "retried" {
			response, err = client.Get(urls[kind])
		} else if kind == "posted" {
			// To the same server, and may not be sent again.
			response, err = client.Post(urls["retried"], "text/plain", strings.NewReader("once"))
		} else {
			response, err = client.Post(urls[kind], "text/plain", new(lateBody))
		}
		if err != nil {
			fmt.Println(err)
			continue
		}
		time.Sleep(part)
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		fmt.Println("done")
	}
}
