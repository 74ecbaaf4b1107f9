// Connectserver serves procedures by connect-go.
//
//	connectserver     prints "listening HOST:PORT"
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// say answers with what it is told, or fails as that says.
func say(text string) error {
	switch text {
	case "not found":
		return connect.NewError(connect.CodeNotFound, errors.New("there is none"))
	case "internal":
		return connect.NewError(connect.CodeInternal, errors.New("it broke"))
	case "plain":
		return errors.New("an error of nobody's")
	case "canceled":
		return context.Canceled
	}
	return nil
}

func unary(_ context.Context, request *connect.Request[wrapperspb.StringValue]) (*connect.Response[wrapperspb.StringValue], error) {
	if err := say(request.Msg.Value); err != nil {
		return nil, err
	}
	return connect.NewResponse(request.Msg), nil
}

func stream(_ context.Context, request *connect.Request[wrapperspb.StringValue], out *connect.ServerStream[wrapperspb.StringValue]) error {
	if err := out.Send(request.Msg); err != nil {
		return err
	}
	return say(request.Msg.Value)
}

func main() {
	mux := http.NewServeMux()
	mux.Handle("/test.v1.Echo/Say", connect.NewUnaryHandler("/test.v1.Echo/Say", unary))
	mux.Handle("/test.v1.Echo/Stream", connect.NewServerStreamHandler("/test.v1.Echo/Stream", stream))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening %s\n", listener.Addr())
	log.Fatal(http.Serve(listener, mux))
}
