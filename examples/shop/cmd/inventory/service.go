package main

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/acme/shop/inventorypb"
)

type service struct {
	inventorypb.UnimplementedInventoryServer
	goods *stock
}

func (s *service) Get(ctx context.Context, request *inventorypb.GetRequest) (*inventorypb.Stock, error) {
	available, err := s.goods.count(request.GetSku())
	if err != nil {
		return nil, asStatus(err)
	}
	return &inventorypb.Stock{Sku: request.GetSku(), Available: available}, nil
}

func (s *service) Reserve(ctx context.Context, request *inventorypb.ReserveRequest) (*inventorypb.Reservation, error) {
	reservation := &inventorypb.Reservation{Id: "hold-" + request.GetOrder(), Left: map[string]int32{}}
	for i, line := range request.GetLines() {
		left, err := s.goods.take(line.GetSku(), line.GetQuantity())
		if err != nil {
			s.goods.putBack(request.GetLines()[:i])
			return nil, asStatus(err)
		}
		reservation.Left[line.GetSku()] = left
	}
	return reservation, nil
}

func (s *service) Watch(request *inventorypb.WatchRequest, stream grpc.ServerStreamingServer[inventorypb.Stock]) error {
	for i := int32(0); i < request.GetChanges(); i++ {
		available, err := s.goods.count(request.GetSku())
		if err != nil {
			return asStatus(err)
		}
		if err := stream.Send(&inventorypb.Stock{Sku: request.GetSku(), Available: available}); err != nil {
			return err
		}
		select {
		case <-stream.Context().Done():
			return status.FromContextError(stream.Context().Err()).Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

func asStatus(err error) error {
	var short *shortageError
	if errors.As(err, &short) {
		return status.Error(codes.FailedPrecondition, err.Error())
	}
	return status.Error(codes.NotFound, err.Error())
}
