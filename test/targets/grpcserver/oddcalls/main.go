// Oddcalls is a gRPC server and its client in one, which makes calls that do not simply return, and tells how many there
// were on each side, by method and status code: the client's as the program saw them, the server's as grpc-go's own
// stats.Handler has them.
//
//	oddcalls -rounds 3
//
// It prints "ready PID", begins at a line of standard input, prints its counts as one line of JSON, and waits for the next
// line: "crash" is a call whose handler panics, with nobody to recover.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// Side is the calls of clients or servers: by method, then by code. A server's call that ends without a status has none.
type Side map[string]map[string]int

var (
	lock    sync.Mutex
	clients = Side{}
	servers = Side{}
	// Server calls that have begun and not ended.
	running sync.WaitGroup
)

func (s Side) count(method, code string) {
	lock.Lock()
	defer lock.Unlock()
	if s[method] == nil {
		s[method] = map[string]int{}
	}
	s[method][code]++
}

// counted is a call of the client's.
func counted(method string, err error) { clients.count(method, status.Code(err).String()) }

type methodKey struct{}

// counter is the server's stats.Handler.
type counter struct{}

func (counter) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, methodKey{}, info.FullMethodName)
}

func (counter) HandleRPC(ctx context.Context, s stats.RPCStats) {
	switch s := s.(type) {
	case *stats.Begin:
		running.Add(1)
	case *stats.End:
		servers.count(ctx.Value(methodKey{}).(string), status.Code(s.Error).String())
		running.Done()
	}
}

func (counter) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (counter) HandleConn(context.Context, stats.ConnStats)                       {}

func main() {
	rounds := flag.Int("rounds", 1, "times that every case is run")
	flag.Parse()
	fmt.Println("ready", os.Getpid())
	input := bufio.NewScanner(os.Stdin)
	input.Scan()
	for round := 0; round < *rounds; round++ {
		for _, run := range cases {
			run()
		}
	}
	running.Wait()
	text, err := json.Marshal(map[string]any{"grpc": grpc.Version, "clients": clients, "servers": servers})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
	for input.Scan() {
		if input.Text() == "crash" {
			crash()
		}
	}
}
