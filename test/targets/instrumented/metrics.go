package main

import (
	"log"
	"net"
	"net/http"

	middlewareprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	grpcprom "github.com/grpc-ecosystem/go-grpc-prometheus"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc"
)

// metricsMiddleware counts calls by Prometheus's libraries, on two pages of the address: both libraries for gRPC give their
// metrics the same names.
//
//	/metrics                  promhttp, go-grpc-middleware
//	/metrics/grpc-prometheus  go-grpc-prometheus
//
// Beside them counters of what promhttp leaves out: requests whose handler panicked, and those without an answer.
func metricsMiddleware() (middleware, string) {
	registry := prometheus.NewRegistry()
	serverMetrics := middlewareprom.NewServerMetrics(middlewareprom.WithServerHandlingTimeHistogram())
	clientMetrics := middlewareprom.NewClientMetrics(middlewareprom.WithClientHandlingTimeHistogram())
	registry.MustRegister(serverMetrics, clientMetrics)
	olderRegistry := prometheus.NewRegistry()
	olderServer, olderClient := grpcprom.NewServerMetrics(), grpcprom.NewClientMetrics()
	olderServer.EnableHandlingTimeHistogram()
	olderClient.EnableClientHandlingTimeHistogram()
	olderRegistry.MustRegister(olderServer, olderClient)

	counter := func(name string, labels ...string) *prometheus.CounterVec {
		vector := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: name}, labels)
		registry.MustRegister(vector)
		return vector
	}
	histogram := func(name string) *prometheus.HistogramVec {
		vector := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: name}, []string{"code", "method"})
		registry.MustRegister(vector)
		return vector
	}
	requests, panicked := counter("http_requests_total", "code", "method"), counter("http_panicked_total", "method")
	durations, sizes := histogram("http_request_duration_seconds"), histogram("http_response_size_bytes")
	sent, unanswered := counter("http_client_requests_total", "code", "method"), counter("http_client_unanswered_total", "method")
	sentDurations := histogram("http_client_request_duration_seconds")

	page := http.NewServeMux()
	page.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	page.Handle("GET /metrics/grpc-prometheus", promhttp.HandlerFor(olderRegistry, promhttp.HandlerOpts{}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(listener, page)

	return middleware{
		handler: func(next http.Handler) http.Handler {
			next = promhttp.InstrumentHandlerResponseSize(sizes, next)
			next = promhttp.InstrumentHandlerCounter(requests, promhttp.InstrumentHandlerDuration(durations, next))
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				returned := false
				defer func() {
					if !returned {
						panicked.WithLabelValues(r.Method).Inc()
					}
				}()
				next.ServeHTTP(w, r)
				returned = true
			})
		},
		transport: func(next http.RoundTripper) http.RoundTripper {
			next = promhttp.InstrumentRoundTripperCounter(sent, promhttp.InstrumentRoundTripperDuration(sentDurations, next))
			return promhttp.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
				response, err := next.RoundTrip(r)
				if err != nil {
					unanswered.WithLabelValues(r.Method).Inc()
				}
				return response, err
			})
		},
		server: []grpc.ServerOption{
			grpc.ChainUnaryInterceptor(serverMetrics.UnaryServerInterceptor(), olderServer.UnaryServerInterceptor()),
			grpc.ChainStreamInterceptor(serverMetrics.StreamServerInterceptor(), olderServer.StreamServerInterceptor()),
		},
		client: []grpc.DialOption{
			grpc.WithChainUnaryInterceptor(clientMetrics.UnaryClientInterceptor(), olderClient.UnaryClientInterceptor()),
			grpc.WithChainStreamInterceptor(clientMetrics.StreamClientInterceptor(), olderClient.StreamClientInterceptor()),
		},
		flush: func() error { return nil },
	}, listener.Addr().String()
}
