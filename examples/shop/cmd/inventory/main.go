// Inventory is the shop's gRPC server. It knows nothing of telemetry.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/acme/shop/inventorypb"
	"github.com/acme/shop/tally"
)

func main() {
	listen := flag.String("listen", setting("INVENTORY_LISTEN", "127.0.0.1:4391"), "address of the gRPC server")
	debug := flag.String("debug", setting("INVENTORY_DEBUG", ""), "address of an HTTP server with "+tally.Path+"; none by default")
	flag.Parse()

	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	goods := newStock()
	server := grpc.NewServer(grpc.UnaryInterceptor(countCall), grpc.StreamInterceptor(countStream))
	inventorypb.RegisterInventoryServer(server, &service{goods: goods})
	if *debug != "" {
		debugListener, err := net.Listen("tcp", *debug)
		if err != nil {
			log.Fatal(err)
		}
		go http.Serve(debugListener, tally.Handler(http.NewServeMux()))
		log.Printf("inventory: counts on http://%s%s", debugListener.Addr(), tally.Path)
	}

	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	go goods.refill(stop, 500*time.Millisecond)
	go func() {
		<-stop.Done()
		time.AfterFunc(3*time.Second, server.Stop)
		server.GracefulStop()
	}()
	log.Printf("inventory: listening on %s", listener.Addr())
	if err := server.Serve(listener); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		log.Fatal(err)
	}
}

func countCall(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	answer, err := handler(ctx, request)
	tally.RPC(info.FullMethod, status.Code(err).String())
	return answer, err
}

func countStream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	err := handler(server, stream)
	tally.RPC(info.FullMethod, status.Code(err).String())
	return err
}

func setting(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
