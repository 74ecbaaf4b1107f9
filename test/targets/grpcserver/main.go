// Grpcserver is a gRPC server with every kind of call, which counts its calls by method and status code.
//
//	grpcserver -port 0           prints "listening 127.0.0.1:PORT"
//	grpcserver -handler          the same behind net/http's server (Go 1.24 and later)
//	grpcserver -unknown          answers methods that it does not know, with nothing, as proxies do; they are counted as `unknown`
//	kill -USR1 PID               prints the counts as one line of JSON, as the end does
//
// Its messages are well-known types and its service description is written by hand, so that it builds with every
// version of grpc-go; the module files grpc-VERSION.mod choose one.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// calls are this program's own counts, which a trace of it must equal.
var calls = struct {
	sync.Mutex
	Pid     int                         `json:"pid"`
	Go      string                      `json:"go"`
	Grpc    string                      `json:"grpc"`
	Calls   int64                       `json:"calls"`
	Methods map[string]map[string]int64 `json:"methods"`
}{
	Pid:     os.Getpid(),
	Go:      runtime.Version(),
	Grpc:    grpc.Version,
	Methods: map[string]map[string]int64{},
}

func count(method string, err error) {
	calls.Lock()
	defer calls.Unlock()
	calls.Calls++
	if calls.Methods[method] == nil {
		calls.Methods[method] = map[string]int64{}
	}
	calls.Methods[method][status.Code(err).String()]++
}

func printCounts() {
	calls.Lock()
	defer calls.Unlock()
	text, err := json.Marshal(&calls)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
}

func main() {
	port := flag.Int("port", 0, "on 127.0.0.1; 0: any free one")
	asHandler := flag.Bool("handler", false, "behind net/http's server, by (*grpc.Server).ServeHTTP")
	unknown := flag.Bool("unknown", false, "answer methods that are not known")
	flag.Parse()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		log.Fatal(err)
	}
	var options []grpc.ServerOption
	if *unknown {
		options = append(options, grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error {
			count("unknown", nil)
			return nil
		}))
	}
	server := grpc.NewServer(options...)
	server.RegisterService(&probeService, service{})
	fmt.Printf("listening %s\n", listener.Addr())

	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR1, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		for signal := range told {
			if signal == syscall.SIGUSR1 {
				printCounts()
				continue
			}
			time.AfterFunc(2*time.Second, server.Stop)
			server.GracefulStop()
		}
	}()
	if *asHandler {
		log.Fatal(serveHandler(listener, server))
	}
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
	printCounts()
}

type service struct{}

// answer does what the request says: "ok", "notfound", "sleep:20ms", "plain" (an error without a code), or it is
// echoed.
//
//go:noinline
func answer(ctx context.Context, request string) (string, error) {
	what, argument, _ := strings.Cut(request, ":")
	switch what {
	case "notfound":
		return "", status.Errorf(codes.NotFound, "no such thing: %s", argument)
	case "plain":
		return "", errors.New("a plain error")
	case "sleep":
		duration, err := time.ParseDuration(argument)
		if err != nil {
			return "", status.Error(codes.InvalidArgument, err.Error())
		}
		select {
		case <-time.After(duration):
		case <-ctx.Done():
			return "", status.FromContextError(ctx.Err()).Err()
		}
	}
	return request, nil
}

func (service) unary(ctx context.Context, in *wrapperspb.StringValue) (*wrapperspb.StringValue, error) {
	text, err := answer(ctx, in.GetValue())
	if err != nil {
		return nil, err
	}
	return wrapperspb.String(text), nil
}

// download sends as many messages as the request says, "7" or "7:notfound" to fail after them.
func (service) download(in *wrapperspb.StringValue, stream grpc.ServerStream) error {
	number, end, _ := strings.Cut(in.GetValue(), ":")
	messages, err := strconv.Atoi(number)
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	for i := 0; i < messages; i++ {
		if err := stream.SendMsg(wrapperspb.String(strconv.Itoa(i))); err != nil {
			return err
		}
	}
	_, err = answer(stream.Context(), end)
	return err
}

// upload answers with the number of messages that it got.
func (service) upload(stream grpc.ServerStream) error {
	for messages := 0; ; messages++ {
		in := new(wrapperspb.StringValue)
		if err := stream.RecvMsg(in); err == io.EOF {
			return stream.SendMsg(wrapperspb.String(strconv.Itoa(messages)))
		} else if err != nil {
			return err
		}
	}
}

// chat answers each message.
func (service) chat(stream grpc.ServerStream) error {
	for {
		in := new(wrapperspb.StringValue)
		if err := stream.RecvMsg(in); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		text, err := answer(stream.Context(), in.GetValue())
		if err != nil {
			return err
		}
		if err := stream.SendMsg(wrapperspb.String(text)); err != nil {
			return err
		}
	}
}
