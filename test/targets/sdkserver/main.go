// An HTTP server that instruments itself with the OpenTelemetry Go SDK, or not: what Sidespan's cost is compared with.
//
//	sdkserver                       without spans
//	sdkserver -otlp 127.0.0.1:4317  a span for each request, to that receiver (OTLP over gRPC)
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/trace"
)

func main() {
	otlp := flag.String("otlp", "", "address of a receiver")
	flag.Parse()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello\n") })
	var handler http.Handler = mux
	if *otlp != "" {
		exporter, err := otlptracegrpc.New(context.Background(),
			otlptracegrpc.WithEndpoint(*otlp), otlptracegrpc.WithInsecure())
		if err != nil {
			log.Fatal(err)
		}
		provider := trace.NewTracerProvider(trace.WithBatcher(exporter, trace.WithMaxQueueSize(16384)))
		handler = otelhttp.NewHandler(mux, "server",
			otelhttp.WithTracerProvider(provider), otelhttp.WithMeterProvider(noop.NewMeterProvider()))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", listener.Addr())
	log.Fatal(http.Serve(listener, handler))
}
