// Gateway is the shop's HTTP server. It knows nothing of telemetry.
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
	"google.golang.org/grpc/credentials/insecure"

	"github.com/acme/shop/cart"
	"github.com/acme/shop/inventorypb"
	"github.com/acme/shop/pricing"
	"github.com/acme/shop/tally"
)

// What the handlers work with.
var (
	carts     cart.Store
	prices    = pricing.Default()
	inventory inventorypb.InventoryClient
)

func main() {
	listen := flag.String("listen", setting("GATEWAY_LISTEN", "127.0.0.1:4390"), "address of the HTTP server")
	inventoryAddress := flag.String("inventory", setting("INVENTORY_ADDRESS", "127.0.0.1:4391"), "address of the inventory")
	flag.Parse()

	connection, err := grpc.NewClient(*inventoryAddress, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	inventory = inventorypb.NewInventoryClient(connection)
	server := &http.Server{Handler: tally.Handler(routes()), ReadHeaderTimeout: 5 * time.Second}

	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-stop.Done()
		deadline, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		server.Shutdown(deadline)
	}()
	log.Printf("gateway: listening on %s, inventory at %s", listener.Addr(), *inventoryAddress)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	<-stopped
}

func setting(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
