// Connectclient calls procedures by connect-go in all ways: by each of its protocols, with one message or streams of them.
//
//	connectclient [-intercepted]
//
// It prints "ready PID". For each line of its standard input it calls all of them once, and prints what it got as JSON.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type text = wrapperspb.StringValue

const service = "/test.v1.Echo/"

// say answers with what it is told, or fails as that says.
func say(ctx context.Context, text string) error {
	switch text {
	case "not found":
		return connect.NewError(connect.CodeNotFound, errors.New("there is none"))
	case "internal":
		return connect.NewError(connect.CodeInternal, errors.New("it broke"))
	case "plain":
		return errors.New("an error of nobody's")
	case "wait":
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(name string, handler http.Handler) { mux.Handle(service+name, handler) }
	handle("Say", connect.NewUnaryHandler(service+"Say", func(ctx context.Context, r *connect.Request[text]) (*connect.Response[text], error) {
		return connect.NewResponse(r.Msg), say(ctx, r.Msg.Value)
	}))
	handle("Nothing", connect.NewUnaryHandler(service+"Nothing", func(context.Context, *connect.Request[emptypb.Empty]) (*connect.Response[emptypb.Empty], error) {
		return connect.NewResponse(&emptypb.Empty{}), nil
	}))
	handle("Down", connect.NewServerStreamHandler(service+"Down", func(ctx context.Context, r *connect.Request[text], out *connect.ServerStream[text]) error {
		for range 3 {
			if err := out.Send(r.Msg); err != nil {
				return err
			}
		}
		return say(ctx, r.Msg.Value)
	}))
	handle("Up", connect.NewClientStreamHandler(service+"Up", func(ctx context.Context, in *connect.ClientStream[text]) (*connect.Response[text], error) {
		last := ""
		for in.Receive() {
			last = in.Msg().Value
		}
		if in.Err() != nil {
			return nil, in.Err()
		}
		return connect.NewResponse(wrapperspb.String(last)), say(ctx, last)
	}))
	handle("Both", connect.NewBidiStreamHandler(service+"Both", func(ctx context.Context, stream *connect.BidiStream[text, text]) error {
		for {
			in, err := stream.Receive()
			if errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			if err := say(ctx, in.Value); err != nil {
				return err
			}
			if err := stream.Send(in); err != nil {
				return err
			}
		}
	}))
	return mux
}

// passing is an interceptor that wraps the connection of a stream.
type passing struct{}

type wrapped struct{ connect.StreamingClientConn }

func (passing) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc { return next }

func (passing) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		return wrapped{next(ctx, spec)}
	}
}

func (passing) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

type outcome struct {
	Method string
	// Empty: it succeeded.
	Code string
}

type caller struct {
	http     *http.Client
	options  []connect.ClientOption
	outcomes []outcome
}

func (c *caller) got(method string, err error) {
	code := ""
	if err != nil && !errors.Is(err, io.EOF) {
		code = connect.CodeOf(err).String()
	}
	c.outcomes = append(c.outcomes, outcome{"test.v1.Echo/" + method, code})
}

func client[Req, Res any](c *caller, server, method string) *connect.Client[Req, Res] {
	return connect.NewClient[Req, Res](c.http, "http://"+server+service+method, c.options...)
}

func (c *caller) callAll(server string) {
	ctx := context.Background()
	unary := client[text, text](c, server, "Say")
	for _, what := range []string{"hello", "not found", "internal", "plain", "hello"} {
		_, err := unary.CallUnary(ctx, connect.NewRequest(wrapperspb.String(what)))
		c.got("Say", err)
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	_, err := unary.CallUnary(short, connect.NewRequest(wrapperspb.String("wait")))
	c.got("Say", err)
	cancel()
	_, err = unary.CallUnary(short, connect.NewRequest(wrapperspb.String("hello")))
	c.got("Say", err)
	_, err = client[emptypb.Empty, emptypb.Empty](c, server, "Nothing").CallUnary(ctx, connect.NewRequest(&emptypb.Empty{}))
	c.got("Nothing", err)
	// Nobody listens there.
	_, err = client[text, text](c, "127.0.0.1:1", "Say").CallUnary(ctx, connect.NewRequest(wrapperspb.String("hello")))
	c.got("Say", err)

	for _, what := range []string{"hello", "not found"} {
		down, err := client[text, text](c, server, "Down").CallServerStream(ctx, connect.NewRequest(wrapperspb.String(what)))
		if err == nil {
			for down.Receive() {
			}
			err = down.Err()
			down.Close()
		}
		c.got("Down", err)

		up := client[text, text](c, server, "Up").CallClientStream(ctx)
		up.Send(wrapperspb.String("a"))
		up.Send(wrapperspb.String(what))
		_, err = up.CloseAndReceive()
		c.got("Up", err)

		both := client[text, text](c, server, "Both").CallBidiStream(ctx)
		both.Send(wrapperspb.String(what))
		both.CloseRequest()
		for err = nil; err == nil; {
			_, err = both.Receive()
		}
		both.CloseResponse()
		c.got("Both", err)
	}
}

func main() {
	intercepted := flag.Bool("intercepted", false, "with an interceptor")
	flag.Parse()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go (&http.Server{Handler: routes(), Protocols: protocols}).Serve(listener)
	transport := &http.Client{Transport: &http.Transport{Protocols: protocols}}
	fmt.Println("ready", os.Getpid())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var outcomes []outcome
		for _, options := range [][]connect.ClientOption{nil, {connect.WithGRPC()}, {connect.WithGRPCWeb()}} {
			if *intercepted {
				options = append(options, connect.WithInterceptors(passing{}))
			}
			c := &caller{http: transport, options: options}
			c.callAll(listener.Addr().String())
			outcomes = append(outcomes, c.outcomes...)
		}
		out, _ := json.Marshal(outcomes)
		fmt.Println(string(out))
	}
}
