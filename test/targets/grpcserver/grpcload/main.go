// Grpcload makes a bounded number of calls to grpcserver and counts the outcomes exactly.
//
//	grpcload -target 127.0.0.1:PORT -n 1000 -c 8 -kinds ok,notfound,download,upload,chat,unknown
//
// Its last line on standard output is one JSON object. "unknown" calls a method that the server doesn't have.
// With -wait it prints "ready PID", begins at a line of standard input and stays until that ends.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const service = "/sidespan.test.Probe/"

// kinds are what -kinds takes.
var kinds = map[string]func(context.Context, *grpc.ClientConn) (method string, err error){
	"ok":       unary("ok"),
	"notfound": unary("notfound:thing"),
	"plain":    unary("plain"),
	"sleep":    unary("sleep:20ms"),
	"nap":      unary("sleep:1s"),
	"unknown": func(ctx context.Context, c *grpc.ClientConn) (string, error) {
		return service + "Missing", c.Invoke(ctx, service+"Missing", wrapperspb.String(""), new(wrapperspb.StringValue))
	},
	"download":     stream("Download", []string{"5"}),
	"downloadfail": stream("Download", []string{"5:notfound"}),
	"upload":       stream("Upload", []string{"a", "b", "c"}),
	"chat":         stream("Chat", []string{"a", "b", "c"}),
	"chatfail":     stream("Chat", []string{"a", "notfound"}),
	"timeout": func(ctx context.Context, c *grpc.ClientConn) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
		defer cancel()
		return service + "Unary", c.Invoke(ctx, service+"Unary", wrapperspb.String("sleep:5s"), new(wrapperspb.StringValue))
	},
	"refused": func(ctx context.Context, c *grpc.ClientConn) (string, error) {
		other, err := grpc.Dial("127.0.0.1:1", grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return "", err
		}
		defer other.Close()
		return service + "Unary", other.Invoke(ctx, service+"Unary", wrapperspb.String("ok"), new(wrapperspb.StringValue))
	},
	// Leaves a stream to the end of its context.
	"giveup": func(ctx context.Context, c *grpc.ClientConn) (string, error) {
		description := &grpc.StreamDesc{StreamName: "Chat", ServerStreams: true, ClientStreams: true}
		if _, err := c.NewStream(ctx, description, service+"Chat"); err != nil {
			return service + "Chat", err
		}
		return service + "Chat", status.Error(codes.Canceled, "")
	},
}

func unary(request string) func(context.Context, *grpc.ClientConn) (string, error) {
	return func(ctx context.Context, c *grpc.ClientConn) (string, error) {
		return service + "Unary", c.Invoke(ctx, service+"Unary", wrapperspb.String(request), new(wrapperspb.StringValue))
	}
}

func stream(name string, requests []string) func(context.Context, *grpc.ClientConn) (string, error) {
	description := &grpc.StreamDesc{StreamName: name, ServerStreams: true, ClientStreams: true}
	return func(ctx context.Context, c *grpc.ClientConn) (string, error) {
		return service + name, func() error {
			s, err := c.NewStream(ctx, description, service+name)
			if err != nil {
				return err
			}
			for _, request := range requests {
				// The server may have ended the call already; RecvMsg then says how.
				if s.SendMsg(wrapperspb.String(request)) != nil {
					break
				}
			}
			s.CloseSend()
			for {
				if err := s.RecvMsg(new(wrapperspb.StringValue)); err == io.EOF {
					return nil
				} else if err != nil {
					return err
				}
			}
		}()
	}
}

func main() {
	target := flag.String("target", "", "host:port")
	total := flag.Int64("n", 100, "calls in all")
	workers := flag.Int("c", 4, "calls at a time")
	connections := flag.Int("connections", 1, "")
	rate := flag.Float64("rate", 0, "calls a second in all; 0: as fast as the server answers")
	names := flag.String("kinds", "ok", "kinds of calls, taken in turn")
	traceparent := flag.String("traceparent", "", "sent as metadata")
	wait := flag.Bool("wait", false, "")
	flag.Parse()
	if *wait {
		fmt.Printf("ready %d\n", os.Getpid())
		fmt.Scanln()
	}

	var chosen []func(context.Context, *grpc.ClientConn) (string, error)
	for _, name := range strings.Split(*names, ",") {
		if kinds[name] == nil {
			log.Fatalf("no such kind of call: %q", name)
		}
		chosen = append(chosen, kinds[name])
	}
	clients := make([]*grpc.ClientConn, *connections)
	for i := range clients {
		// Dial and not NewClient: it also exists before grpc-go 1.63.
		client, err := grpc.Dial(*target, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			log.Fatal(err)
		}
		clients[i] = client
	}

	var next atomic.Int64
	var lock sync.Mutex
	methods := map[string]map[string]int64{}
	var done sync.WaitGroup
	started := time.Now()
	for worker := 0; worker < *workers; worker++ {
		done.Add(1)
		go func() {
			defer done.Done()
			for {
				number := next.Add(1) - 1
				if number >= *total {
					return
				}
				if *rate > 0 {
					time.Sleep(time.Until(started.Add(time.Duration(float64(number) / *rate * float64(time.Second)))))
				}
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				if *traceparent != "" {
					ctx = metadata.AppendToOutgoingContext(ctx, "traceparent", *traceparent)
				}
				method, err := chosen[number%int64(len(chosen))](ctx, clients[number%int64(len(clients))])
				cancel()
				lock.Lock()
				if methods[method] == nil {
					methods[method] = map[string]int64{}
				}
				methods[method][status.Code(err).String()]++
				lock.Unlock()
			}
		}()
	}
	done.Wait()
	took := time.Since(started)
	for _, client := range clients {
		client.Close()
	}
	text, err := json.Marshal(map[string]any{
		"sent":           *total,
		"methods":        methods,
		"grpc":           grpc.Version,
		"durationNs":     took.Nanoseconds(),
		"callsPerSecond": float64(*total) / took.Seconds(),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
	if *wait {
		io.Copy(io.Discard, os.Stdin)
	}
}
