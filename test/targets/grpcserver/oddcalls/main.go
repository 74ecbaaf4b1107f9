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
	"sync/atomic"

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

// Messages are those of the calls of a method that ended well, and their bytes on the wire.
type Messages struct {
	SentMessages     int64 `json:"sentMessages"`
	SentBytes        int64 `json:"sentBytes"`
	ReceivedMessages int64 `json:"receivedMessages"`
	ReceivedBytes    int64 `json:"receivedBytes"`
}

// By kind and method: "SERVER /service/Method".
var messages = map[string]*Messages{}

type call struct {
	method string
	Messages
}
type callKey struct{}

// counter is a stats.Handler of servers and clients.
type counter struct{}

func (counter) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, callKey{}, &call{method: info.FullMethodName})
}

// Of each message's header.
const headerBytes = 5

func (counter) HandleRPC(ctx context.Context, s stats.RPCStats) {
	call, ok := ctx.Value(callKey{}).(*call)
	if !ok { // it is told of the trailers of malformed calls, and of nothing else of them
		return
	}
	switch s := s.(type) {
	case *stats.Begin:
		if !s.Client {
			running.Add(1)
		}
	case *stats.OutPayload:
		atomic.AddInt64(&call.SentMessages, 1)
		atomic.AddInt64(&call.SentBytes, int64(s.WireLength-headerBytes))
	case *stats.InPayload:
		atomic.AddInt64(&call.ReceivedMessages, 1)
		atomic.AddInt64(&call.ReceivedBytes, int64(s.WireLength-headerBytes))
	case *stats.End:
		call.ended(s)
	}
}

func (c *call) ended(end *stats.End) {
	if !end.Client {
		servers.count(c.method, status.Code(end.Error).String())
		defer running.Done()
	}
	if end.Error != nil {
		return
	}
	lock.Lock()
	defer lock.Unlock()
	key := "SERVER " + c.method
	if end.Client {
		key = "CLIENT " + c.method
	}
	if messages[key] == nil {
		messages[key] = &Messages{}
	}
	sum := messages[key]
	sum.SentMessages += atomic.LoadInt64(&c.SentMessages)
	sum.SentBytes += atomic.LoadInt64(&c.SentBytes)
	sum.ReceivedMessages += atomic.LoadInt64(&c.ReceivedMessages)
	sum.ReceivedBytes += atomic.LoadInt64(&c.ReceivedBytes)
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
	text, err := json.Marshal(map[string]any{"grpc": grpc.Version, "clients": clients, "servers": servers, "messages": messages})
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
