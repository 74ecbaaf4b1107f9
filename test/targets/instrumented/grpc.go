package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type message = wrapperspb.StringValue

const probeService = "sidespan.test.Probe"

// answer does what the request says.
func answer(ctx context.Context, request string) (string, error) {
	what, argument, _ := strings.Cut(request, ":")
	switch what {
	case "code":
		var code int
		fmt.Sscan(argument, &code)
		return "", status.Errorf(codes.Code(code), "as wanted: %d", code)
	case "plain":
		return "", errors.New("a plain error")
	case "panic":
		panic(errors.New("out of cheese"))
	case "wait":
		<-ctx.Done()
		return "", ctx.Err()
	}
	return request, nil
}

func recovered(err *error) {
	if value := recover(); value != nil {
		*err = status.Errorf(codes.Internal, "panic: %v", value)
	}
}

func grpcService() *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: probeService,
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Unary",
			Handler: func(_ any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
				in := new(message)
				if err := decode(in); err != nil {
					return nil, err
				}
				handle := func(ctx context.Context, in any) (_ any, err error) {
					defer recovered(&err)
					text, err := answer(ctx, in.(*message).Value)
					return wrapperspb.String(text), err
				}
				if intercept == nil {
					return handle(ctx, in)
				}
				return intercept(ctx, in, &grpc.UnaryServerInfo{FullMethod: "/" + probeService + "/Unary"}, handle)
			},
		}},
		Streams: []grpc.StreamDesc{{
			StreamName: "Chat", ServerStreams: true, ClientStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) (err error) {
				defer recovered(&err)
				for {
					in := new(message)
					if err := stream.RecvMsg(in); err == io.EOF {
						return nil
					} else if err != nil {
						return err
					}
					text, err := answer(stream.Context(), in.Value)
					if err != nil {
						return err
					}
					if err := stream.SendMsg(wrapperspb.String(text)); err != nil {
						return err
					}
				}
			},
		}},
	}
}

// untilEnded is a server's calls, which are running until they have ended for those who got to know of it before.
type untilEnded struct{}

// TagRPC is called in the order in which calls arrive. Of methods that there are not none is ended.
func (untilEnded) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	if !strings.HasSuffix(info.FullMethodName, "/Missing") {
		running.Add(1)
	}
	return ctx
}

func (untilEnded) HandleRPC(_ context.Context, s stats.RPCStats) {
	if _, ok := s.(*stats.End); ok {
		running.Done()
	}
}

func (untilEnded) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (untilEnded) HandleConn(context.Context, stats.ConnStats) {}

func grpcCalls(by middleware) []call {
	// Stats handlers are called in this order.
	server := grpc.NewServer(append(by.server, grpc.StatsHandler(untilEnded{}))...)
	server.RegisterService(grpcService(), nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go server.Serve(listener)
	client, err := grpc.NewClient(listener.Addr().String(),
		append(by.client, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		log.Fatal(err)
	}
	unary := func(method, request string, limit time.Duration) {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		client.Invoke(ctx, "/"+probeService+"/"+method, wrapperspb.String(request), new(message))
	}
	always := time.Minute
	says := func(request string) call { return func(int) { unary("Unary", request, always) } }
	chat := func(requests ...string) call {
		return func(int) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			desc := &grpc.StreamDesc{StreamName: "Chat", ServerStreams: true, ClientStreams: true}
			stream, err := client.NewStream(ctx, desc, "/"+probeService+"/Chat")
			if err != nil {
				return
			}
			for _, request := range requests {
				if stream.SendMsg(wrapperspb.String(request)) != nil {
					break
				}
			}
			stream.CloseSend()
			for stream.RecvMsg(new(message)) == nil {
			}
		}
	}
	// When it is answered, all that were sent before it have arrived.
	lastCall = func() { says("last")(0) }
	return []call{
		says("ok"), says("plain"), says("panic"), says(strings.Repeat("x", 100_000)),
		func(n int) { unary("Unary", fmt.Sprintf("code:%d", n%17), always) },
		func(int) { unary("Missing", "", always) },
		func(int) { unary("Unary", "wait", 10*time.Millisecond) },
		chat(), chat("a", "b", "c"), chat("a", "code:5"), chat("panic"),
	}
}
