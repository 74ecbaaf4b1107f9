package main

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const serviceName = "sidespan.test.Probe"

var probeService = grpc.ServiceDesc{
	ServiceName: serviceName,
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Unary",
		Handler: func(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			in := new(wrapperspb.StringValue)
			if err := decode(in); err != nil {
				return nil, err
			}
			out, err := srv.(service).unary(ctx, in)
			count("/"+serviceName+"/Unary", err)
			if err != nil {
				return nil, err
			}
			return out, nil
		},
	}},
	Streams: []grpc.StreamDesc{
		{
			StreamName:    "Download",
			ServerStreams: true,
			Handler: func(srv any, stream grpc.ServerStream) error {
				in := new(wrapperspb.StringValue)
				if err := stream.RecvMsg(in); err != nil {
					return err
				}
				err := srv.(service).download(in, stream)
				count("/"+serviceName+"/Download", err)
				return err
			},
		},
		{
			StreamName:    "Upload",
			ClientStreams: true,
			Handler: func(srv any, stream grpc.ServerStream) error {
				err := srv.(service).upload(stream)
				count("/"+serviceName+"/Upload", err)
				return err
			},
		},
		{
			StreamName:    "Chat",
			ServerStreams: true,
			ClientStreams: true,
			Handler: func(srv any, stream grpc.ServerStream) error {
				err := srv.(service).chat(stream)
				count("/"+serviceName+"/Chat", err)
				return err
			},
		},
	},
}
