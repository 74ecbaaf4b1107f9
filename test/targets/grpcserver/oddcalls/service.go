package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const serviceName = "sidespan.test.Odd"

type text = wrapperspb.StringValue

// answer is a unary handler.
type answer func(ctx context.Context, in string) (string, error)

// Calls of Retried that have arrived; that one of Waits or Held has; that Held may go.
var (
	retried atomic.Int64
	arrived = make(chan struct{}, 1)
	letGo   = make(chan struct{}, 1)
)

func arrive() {
	select {
	case arrived <- struct{}{}:
	default:
	}
}

// The name of each unary method says what becomes of its call.
var answers = map[string]answer{
	"Ok":         func(_ context.Context, in string) (string, error) { return in, nil },
	"PlainError": func(context.Context, string) (string, error) { return "", errors.New("a plain error") },
	"Wrapped": func(context.Context, string) (string, error) {
		return "", fmt.Errorf("in vain: %w", status.Error(codes.NotFound, "no such thing"))
	},
	"ContextError": func(context.Context, string) (string, error) { return "", context.DeadlineExceeded },
	"OddCode":      func(context.Context, string) (string, error) { return "", status.Error(codes.Code(77), "odd") },
	"OkError":      func(context.Context, string) (string, error) { return "", status.Error(codes.OK, "no error") },
	"Eof":          func(context.Context, string) (string, error) { return "", io.EOF },
	"Panics":       func(context.Context, string) (string, error) { panic("out of cheese") },
	"Goexits": func(context.Context, string) (string, error) {
		runtime.Goexit()
		return "", nil
	},
	"Waits": func(ctx context.Context, _ string) (string, error) {
		arrive()
		<-ctx.Done()
		return "", ctx.Err()
	},
	"Stays": func(ctx context.Context, in string) (string, error) {
		<-ctx.Done()
		time.Sleep(5 * time.Millisecond)
		return in, nil
	},
	"Held": func(_ context.Context, in string) (string, error) {
		arrive()
		<-letGo
		return in, nil
	},
	"Denied": func(context.Context, string) (string, error) { panic("an interceptor has answered") },
	"Large":  func(_ context.Context, in string) (string, error) { return strings.Repeat("x", 5<<20), nil },
	"Retried": func(_ context.Context, in string) (string, error) {
		if retried.Add(1)%3 != 0 {
			return "", status.Error(codes.Unavailable, "not yet")
		}
		return in, nil
	},
	"Failing": func(context.Context, string) (string, error) { return "", status.Error(codes.Unavailable, "never") },
}

// Of streams likewise.
var streams = map[string]func(grpc.ServerStream) error{
	"Echo": func(stream grpc.ServerStream) error {
		for {
			in := new(text)
			if err := stream.RecvMsg(in); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if err := stream.SendMsg(in); err != nil {
				return err
			}
		}
	},
	"Endless": func(stream grpc.ServerStream) error {
		for {
			if err := stream.SendMsg(wrapperspb.String("more")); err != nil {
				return err
			}
		}
	},
	"EarlyError": func(grpc.ServerStream) error { return status.Error(codes.Aborted, "enough") },
	"EarlyOk":    func(grpc.ServerStream) error { return nil },
	"PanicStream": func(stream grpc.ServerStream) error {
		stream.SendMsg(wrapperspb.String("before"))
		panic(errors.New("in the stream"))
	},
	// Sends and receives on goroutines of their own.
	"Duplex": func(stream grpc.ServerStream) error {
		failed := make(chan error, 2)
		go func() {
			for {
				if err := stream.RecvMsg(new(text)); err != nil {
					failed <- err
					return
				}
			}
		}()
		go func() {
			for n := 0; n < 5; n++ {
				stream.SendMsg(wrapperspb.String("five"))
			}
			failed <- nil
		}()
		for n := 0; n < 2; n++ {
			if err := <-failed; err != nil && err != io.EOF {
				return err
			}
		}
		return nil
	},
}

func description() *grpc.ServiceDesc {
	desc := &grpc.ServiceDesc{ServiceName: serviceName, HandlerType: (*any)(nil)}
	for name, answer := range answers {
		info := &grpc.UnaryServerInfo{FullMethod: "/" + serviceName + "/" + name}
		handle := func(ctx context.Context, in any) (any, error) {
			out, err := answer(ctx, in.(*text).Value)
			return wrapperspb.String(out), err
		}
		desc.Methods = append(desc.Methods, grpc.MethodDesc{
			MethodName: name,
			Handler: func(_ any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
				in := new(text)
				if err := decode(in); err != nil {
					return nil, err
				}
				return intercept(ctx, in, info, handle)
			},
		})
	}
	for name, handle := range streams {
		desc.Streams = append(desc.Streams, grpc.StreamDesc{
			StreamName: name, ServerStreams: true, ClientStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) error { return handle(stream) },
		})
	}
	return desc
}

func recovered(err *error) {
	if value := recover(); value != nil {
		*err = status.Errorf(codes.Internal, "panic: %v", value)
	}
}

// serve starts a server; recovering: with an interceptor that recovers from panics.
func serve(recovering bool) (*grpc.Server, string) {
	unary := func(ctx context.Context, in any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (out any, err error) {
		if strings.HasSuffix(info.FullMethod, "/Denied") {
			return nil, status.Error(codes.PermissionDenied, "not you")
		}
		if recovering {
			defer recovered(&err)
		}
		return next(ctx, in)
	}
	stream := func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
		if recovering {
			defer recovered(&err)
		}
		return next(srv, stream)
	}
	server := grpc.NewServer(grpc.StatsHandler(counter{}), grpc.UnaryInterceptor(unary), grpc.StreamInterceptor(stream),
		grpc.MaxSendMsgSize(16<<20))
	server.RegisterService(description(), nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go server.Serve(listener)
	return server, listener.Addr().String()
}
