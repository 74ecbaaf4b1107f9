package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const retries = `{"methodConfig": [{"name": [{"service": "sidespan.test.Odd"}], "retryPolicy": {
	"maxAttempts": 4, "initialBackoff": "0.001s", "maxBackoff": "0.001s", "backoffMultiplier": 1,
	"retryableStatusCodes": ["UNAVAILABLE"]}}]}`

var always = context.Background()

func dial(address string, options ...grpc.DialOption) *grpc.ClientConn {
	// Dial and not NewClient: it also exists before grpc-go 1.63.
	c, err := grpc.Dial(address, append(options, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStatsHandler(counter{}))...)
	if err != nil {
		panic(err)
	}
	return c
}

// Those of the usual server.
var usual = sync.OnceValue(func() *grpc.ClientConn {
	_, address := serve(true)
	return dial(address)
})
var retrying = sync.OnceValue(func() *grpc.ClientConn {
	return dial(usual().Target(), grpc.WithDefaultServiceConfig(retries))
})

func unary(ctx context.Context, c *grpc.ClientConn, method, in string, options ...grpc.CallOption) {
	method = "/" + serviceName + "/" + method
	counted(method, c.Invoke(ctx, method, wrapperspb.String(in), new(text), options...))
}

func of(method string) func() { return func() { unary(always, usual(), method, "in") } }

// within has a deadline.
func within(method string, limit time.Duration) func() {
	return func() {
		ctx, cancel := context.WithTimeout(always, limit)
		defer cancel()
		unary(ctx, usual(), method, "in")
	}
}

func cancelled(method string) func() {
	return func() {
		ctx, cancel := context.WithCancel(always)
		time.AfterFunc(20*time.Millisecond, cancel)
		unary(ctx, usual(), method, "in")
	}
}

// stream sends so many messages and receives until the stream ends, or gives up after so many.
func stream(method string, messages, giveUp int) func() {
	return func() {
		ctx, cancel := context.WithCancel(always)
		defer cancel()
		full := "/" + serviceName + "/" + method
		desc := &grpc.StreamDesc{StreamName: method, ServerStreams: true, ClientStreams: true}
		s, err := usual().NewStream(ctx, desc, full)
		for n := 0; err == nil && n < messages; n++ {
			if s.SendMsg(wrapperspb.String("in")) != nil {
				break
			}
		}
		if err == nil {
			s.CloseSend()
		}
		for n := 0; err == nil; n++ {
			if n == giveUp {
				cancel()
			}
			err = s.RecvMsg(new(text))
		}
		if err == io.EOF {
			err = nil
		}
		counted(full, err)
	}
}

// ending makes a call that is on its way when something happens to its server or its connection.
func ending(method string, happens func(*grpc.Server, *grpc.ClientConn, net.Conn)) func() {
	return func() {
		select {
		case <-arrived: // a call before this one
		default:
		}
		server, address := serve(true)
		var below net.Conn
		c := dial(address, grpc.WithContextDialer(func(ctx context.Context, address string) (conn net.Conn, err error) {
			conn, err = new(net.Dialer).DialContext(ctx, "tcp", address)
			below = conn
			return
		}))
		done := make(chan struct{})
		go func() {
			unary(always, c, method, "in")
			close(done)
		}()
		<-arrived
		happens(server, c, below)
		<-done
		c.Close()
		server.Stop()
	}
}

var cases = []func(){
	of("Ok"), of("PlainError"), of("Wrapped"), of("ContextError"), of("OddCode"), of("OkError"), of("Eof"), of("Panics"),
	of("Denied"), of("Missing"), of("Large"), of("Failing"),
	// The server's method is in a service that it does not have, or no method at all.
	func() {
		counted("/no.Such/Thing", usual().Invoke(always, "/no.Such/Thing", wrapperspb.String(""), new(text)))
	},
	func() { counted("/none", usual().Invoke(always, "/none", wrapperspb.String(""), new(text))) },
	within("Waits", 20*time.Millisecond), within("Stays", 20*time.Millisecond), within("Goexits", 20*time.Millisecond),
	cancelled("Waits"), cancelled("Stays"),
	// Its context has ended before it begins.
	func() {
		ctx, cancel := context.WithCancel(always)
		cancel()
		unary(ctx, usual(), "Cancelled", "in")
	},
	func() { unary(always, usual(), "Ok", strings.Repeat("x", 3<<20)) },
	func() { unary(always, usual(), "Ok", strings.Repeat("x", 5<<20)) },
	func() { unary(always, usual(), "Large", "in", grpc.MaxCallRecvMsgSize(16<<20)) },
	func() { unary(always, usual(), "Ok", strings.Repeat("x", 1<<20), grpc.UseCompressor(gzip.Name)) },
	func() { unary(always, usual(), "Ok", "in", grpc.UseCompressor("nobody has this")) },
	func() { unary(always, usual(), "Ok", strings.Repeat("x", 100), grpc.MaxCallSendMsgSize(10)) },
	func() { unary(always, retrying(), "Retried", "in") },
	func() { unary(always, retrying(), "Failing", "in") },
	// An interceptor answers: there is no call.
	func() {
		c := dial(usual().Target(), grpc.WithUnaryInterceptor(
			func(context.Context, string, any, any, *grpc.ClientConn, grpc.UnaryInvoker, ...grpc.CallOption) error {
				return errors.New("not today")
			}))
		defer c.Close()
		c.Invoke(always, "/"+serviceName+"/Never", wrapperspb.String(""), new(text))
	},
	// Nobody is there.
	func() {
		c := dial("127.0.0.1:1")
		defer c.Close()
		unary(always, c, "Refused", "in")
		ctx, cancel := context.WithTimeout(always, 20*time.Millisecond)
		defer cancel()
		unary(ctx, c, "Refused", "in", grpc.WaitForReady(true))
	},
	// The connection is closed.
	func() {
		c := dial(usual().Target())
		c.Close()
		unary(always, c, "Closed", "in")
	},
	ending("Waits", func(server *grpc.Server, _ *grpc.ClientConn, _ net.Conn) { server.Stop() }),
	ending("Held", func(server *grpc.Server, _ *grpc.ClientConn, _ net.Conn) {
		stopped := make(chan struct{})
		go func() {
			server.GracefulStop()
			close(stopped)
		}()
		time.Sleep(5 * time.Millisecond)
		letGo <- struct{}{}
		<-stopped
	}),
	ending("Waits", func(_ *grpc.Server, c *grpc.ClientConn, _ net.Conn) { c.Close() }),
	ending("Waits", func(_ *grpc.Server, _ *grpc.ClientConn, below net.Conn) { below.Close() }),
	stream("Echo", 3, -1), stream("Echo", 0, -1), stream("Endless", 0, 2), stream("EarlyError", 3, -1), stream("EarlyOk", 3, -1),
	stream("PanicStream", 1, -1), stream("MissingStream", 1, -1), stream("Duplex", 4, -1),
	func() { // It ends with its context; nobody waits for that.
		ctx, cancel := context.WithCancel(always)
		full := "/" + serviceName + "/Echo"
		s, err := usual().NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, full)
		if err == nil && s.SendMsg(wrapperspb.String("in")) == nil {
			s.RecvMsg(new(text))
		}
		cancel()
		counted(full, status.FromContextError(ctx.Err()).Err())
	},
}

// crash is answered by a panic that ends the program. Nobody wants to read of it.
func crash() {
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		syscall.Dup3(int(null.Fd()), 2, 0)
	}
	_, address := serve(false)
	unary(always, dial(address), "Panics", "in")
}
