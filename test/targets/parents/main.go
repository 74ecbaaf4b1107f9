// A server whose handlers work on other goroutines in all the ways that Go programs do, instrumented with the OpenTelemetry SDK.
//
//	GET /WAY?id=N	WAY is a key of ways; the id of a call within is N * 100 + a number
//
// On SIGUSR1 it prints a line of JSON: of each call of step and plain, and of each request, the id of the call that is its parent
// by the SDK's spans (0: none).
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

var tracer trace.Tracer

// recorder keeps the parents of all spans that ended.
type recorder struct {
	mu    sync.Mutex
	ids   map[trace.SpanID]int
	spans []sdk.ReadOnlySpan
}

func (r *recorder) OnStart(context.Context, sdk.ReadWriteSpan) {}
func (r *recorder) Shutdown(context.Context) error             { return nil }
func (r *recorder) ForceFlush(context.Context) error           { return nil }

func (r *recorder) OnEnd(span sdk.ReadOnlySpan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range span.Attributes() {
		if a.Key == "id" {
			r.ids[span.SpanContext().SpanID()] = int(a.Value.AsInt64())
		}
	}
	r.spans = append(r.spans, span)
}

func (r *recorder) print() {
	r.mu.Lock()
	defer r.mu.Unlock()
	parents := map[int]int{}
	for _, span := range r.spans {
		parents[r.ids[span.SpanContext().SpanID()]] = r.ids[span.Parent().SpanID()]
	}
	text, _ := json.Marshal(parents)
	fmt.Println(string(text))
}

func begin(ctx context.Context, name string, id int) (context.Context, trace.Span) {
	return tracer.Start(ctx, name, trace.WithAttributes(attribute.Int("id", id)))
}

// step is a call that knows its context.
//
//go:noinline
func step(ctx context.Context, id int, within func(context.Context)) {
	ctx, span := begin(ctx, "step", id)
	defer span.End()
	if within != nil {
		within(ctx)
	}
}

// contexts is what the SDK's spans in functions without a context are made of: nothing that Sidespan knows of.
var contexts sync.Map

// plain is a call without one.
//
//go:noinline
func plain(id int) {
	ctx, _ := contexts.LoadAndDelete(id)
	_, span := begin(ctx.(context.Context), "plain", id)
	time.Sleep(50 * time.Microsecond)
	span.End()
}

// serve is a call that gets a request.
//
//go:noinline
func serve(w http.ResponseWriter, r *http.Request, id int) {
	_, span := begin(r.Context(), "serve", id)
	defer span.End()
	fmt.Fprintln(w, "served")
}

var running sync.WaitGroup

func handle(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.URL.Query().Get("id"))
	ctx, span := begin(r.Context(), "request", id*100)
	defer span.End()
	way, ok := ways[r.URL.Path[1:]]
	if !ok {
		http.NotFound(w, r)
		return
	}
	way(w, r.WithContext(ctx), id*100)
}

func main() {
	port := flag.Int("port", 0, "")
	flag.Parse()
	record := &recorder{ids: map[trace.SpanID]int{}}
	tracer = sdk.NewTracerProvider(sdk.WithSpanProcessor(record)).Tracer("parents")
	startPool()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		panic(err)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		for range signals {
			running.Wait()
			record.print()
		}
	}()
	fmt.Println("listening", listener.Addr())
	panic(http.Serve(listener, http.HandlerFunc(handle)))
}
