package main

import (
	"context"
	"log"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
)

func sdkMiddleware(to string) middleware {
	ctx := context.Background()
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(to+"/v1/traces"))
	if err != nil {
		log.Fatal(err)
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter, sdk.WithMaxQueueSize(100_000), sdk.WithBlocking()))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	return middleware{
		handler:   func(next http.Handler) http.Handler { return otelhttp.NewHandler(next, "server") },
		transport: func(next http.RoundTripper) http.RoundTripper { return otelhttp.NewTransport(next) },
		server:    []grpc.ServerOption{grpc.StatsHandler(otelgrpc.NewServerHandler())},
		client:    []grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler())},
		flush:     func() error { return provider.ForceFlush(ctx) },
	}
}
