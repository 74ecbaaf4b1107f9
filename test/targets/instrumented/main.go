// Instrumented is a server and its client in one, of HTTP/1.1 and HTTP/2, of gRPC, or one that asks PostgreSQL, whose calls a
// middleware observes from within: what it says is what a tracer from outside is compared with.
//
//	instrumented -to http://127.0.0.1:4318 -calls grpc    spans by the OpenTelemetry SDK, sent by OTLP over HTTP
//	instrumented -to http://127.0.0.1:4318 -calls sql -driver postgres|pgx -dsn DSN
//	instrumented -metrics -calls http                     counts by Prometheus's libraries, on the pages of metrics.go
//
// Each line of its standard input, `N SEED`, is that many calls of all kinds; it answers `done` when all have been observed.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"math/rand"
	"net/http"
	"os"

	"google.golang.org/grpc"
)

// middleware observes calls.
type middleware struct {
	handler   func(http.Handler) http.Handler
	transport func(http.RoundTripper) http.RoundTripper
	server    []grpc.ServerOption
	client    []grpc.DialOption
	// Returns when what was observed can be had.
	flush func() error
}

func main() {
	to := flag.String("to", "", "where the SDK sends its spans")
	counted := flag.Bool("metrics", false, "Prometheus's libraries instead of the SDK")
	kind := flag.String("calls", "http", "http, grpc or sql")
	driver := flag.String("driver", "pgx", "of database/sql")
	dsn := flag.String("dsn", "", "data source")
	flag.Parse()
	ready := fmt.Sprintf("ready %d", os.Getpid())
	var by middleware
	if *counted {
		var address string
		by, address = metricsMiddleware()
		ready = "listening " + address
	} else {
		by = sdkMiddleware(*to)
	}
	calls := map[string]func(middleware) []call{
		"http": func(by middleware) []call { return append(httpCalls("1.1", by), httpCalls("2", by)...) },
		"grpc": grpcCalls,
		// By the SDK only.
		"sql": func(middleware) []call { return sqlCalls(*driver, *dsn) },
	}[*kind](by)
	fmt.Println(ready)
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		var count int
		var seed int64
		if _, err := fmt.Sscan(input.Text(), &count, &seed); err != nil {
			log.Fatal(err)
		}
		dice := rand.New(rand.NewSource(seed))
		for n := range count {
			calls[dice.Intn(len(calls))](n)
		}
		finish()
		if err := by.flush(); err != nil {
			log.Fatal(err)
		}
		fmt.Println("done")
	}
}
