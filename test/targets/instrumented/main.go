// Instrumented is a server and its client in one, of HTTP/1.1 and HTTP/2, of gRPC, or one that asks PostgreSQL, whose calls
// the OpenTelemetry SDK's middleware traces: what it sends, by OTLP over HTTP, is what a tracer from outside is compared with.
//
//	instrumented -to http://127.0.0.1:4318 -calls grpc
//	instrumented -to http://127.0.0.1:4318 -calls sql -driver postgres|pgx -dsn DSN
//
// Each line of its standard input, `N SEED`, is that many calls of all kinds; it answers `done` when the SDK has sent their spans.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand"
	"os"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

func main() {
	to := flag.String("to", "", "where the SDK sends its spans")
	kind := flag.String("calls", "http", "http, grpc or sql")
	driver := flag.String("driver", "pgx", "of database/sql")
	dsn := flag.String("dsn", "", "data source")
	flag.Parse()
	ctx := context.Background()
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(*to+"/v1/traces"))
	if err != nil {
		log.Fatal(err)
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter, sdk.WithMaxQueueSize(100_000), sdk.WithBlocking()))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	calls := map[string]func() []call{
		"http": func() []call { return append(httpCalls("1.1"), httpCalls("2")...) },
		"grpc": grpcCalls,
		"sql":  func() []call { return sqlCalls(*driver, *dsn) },
	}[*kind]()
	fmt.Println("ready", os.Getpid())
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
		if err := provider.ForceFlush(ctx); err != nil {
			log.Fatal(err)
		}
		fmt.Println("done")
	}
}
