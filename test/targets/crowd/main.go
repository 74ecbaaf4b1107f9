// Crowd is a server of HTTP/1.1 and as many clients as it is told, each with a connection of its own; all their requests are with the
// server's handler at the same time.
//
//	crowd      for each line of standard input, a number: starts a client with so many connections, which sends a request by each, and
//	           prints "all there" when the handler has all of them; after another line it lets them go and prints how many answers
//	           were right
//
// Request i is GET /crowd?i=I. Every 20,000 connections come from another loopback address.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

var arrived sync.WaitGroup
var leave chan struct{}

func wait(w http.ResponseWriter, r *http.Request) {
	arrived.Done()
	<-leave
	answer(r.Context(), w, r.URL.Query().Get("i"))
}

//go:noinline
func answer(_ context.Context, w io.Writer, i string) {
	fmt.Fprintf(w, "answer %s", i)
}

// ask sends one request by a connection of its own, which stays open until all are done.
func ask(address string, i int, connected func()) bool {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1+byte(os.Getpid()>>8&63), byte(os.Getpid()), 1+byte(i/20000))}}
	conn, err := dialer.Dial("tcp", address)
	connected()
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /crowd?i=%d HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", i, address)
	answer, err := io.ReadAll(conn)
	return err == nil && strings.HasSuffix(string(answer), fmt.Sprintf("answer %d", i))
}

// askAll is the client: it prints how many answers were right.
func askAll(address string, n int) {
	var right int64
	var asked sync.WaitGroup
	// The kernel's queue of connections that nobody has accepted yet is short.
	dialing := make(chan struct{}, 64)
	for i := 0; i < n; i++ {
		asked.Add(1)
		dialing <- struct{}{}
		go func(i int) {
			defer asked.Done()
			if ask(address, i, func() { <-dialing }) {
				atomic.AddInt64(&right, 1)
			}
		}(i)
	}
	asked.Wait()
	fmt.Println(right)
}

func main() {
	limit := syscall.Rlimit{}
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		limit.Cur = limit.Max
		syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
	if len(os.Args) == 3 {
		n, _ := strconv.Atoi(os.Args[2])
		askAll(os.Args[1], n)
		return
	}
	http.HandleFunc("/crowd", wait)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(listener, nil)
	fmt.Printf("listening %s\n", listener.Addr())
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		n, err := strconv.Atoi(input.Text())
		if err != nil {
			log.Fatal(err)
		}
		leave = make(chan struct{})
		arrived.Add(n)
		client := exec.Command(os.Args[0], listener.Addr().String(), input.Text())
		client.Stdout, client.Stderr = os.Stdout, os.Stderr
		if err := client.Start(); err != nil {
			log.Fatal(err)
		}
		arrived.Wait()
		fmt.Println("all there")
		input.Scan()
		close(leave)
		client.Wait()
	}
}
