package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	metricsservice "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	traceservice "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// ---- gRPC

type traceServer struct {
	traceservice.UnimplementedTraceServiceServer
	sink *sink
}

type metricsServer struct {
	metricsservice.UnimplementedMetricsServiceServer
	sink *sink
}

func newGRPCServer(s *sink, options []grpc.ServerOption) *grpc.Server {
	server := grpc.NewServer(append(options, grpc.StatsHandler(compression{}))...)
	traceservice.RegisterTraceServiceServer(server, traceServer{sink: s})
	metricsservice.RegisterMetricsServiceServer(server, metricsServer{sink: s})
	return server
}

func (t traceServer) Export(ctx context.Context, request *traceservice.ExportTraceServiceRequest) (*traceservice.ExportTraceServiceResponse, error) {
	how, err := beginGRPC(ctx, t.sink, proto.Size(request))
	if err != nil {
		return nil, err
	}
	t.sink.addSpans(request.ResourceSpans)
	response := &traceservice.ExportTraceServiceResponse{}
	if how.Mode == "partial" {
		response.PartialSuccess = &traceservice.ExportTracePartialSuccess{RejectedSpans: how.Rejected, ErrorMessage: "told to"}
	}
	return response, nil
}

func (m metricsServer) Export(ctx context.Context, request *metricsservice.ExportMetricsServiceRequest) (*metricsservice.ExportMetricsServiceResponse, error) {
	if _, err := beginGRPC(ctx, m.sink, proto.Size(request)); err != nil {
		return nil, err
	}
	m.sink.addMetrics(request.ResourceMetrics)
	return &metricsservice.ExportMetricsServiceResponse{}, nil
}

func beginGRPC(ctx context.Context, s *sink, size int) (behaviour, error) {
	headers := map[string]string{}
	incoming, _ := metadata.FromIncomingContext(ctx)
	for name, values := range incoming {
		headers[name] = strings.Join(values, ",")
	}
	encoding, _ := ctx.Value(compression{}).(*string)
	how := s.begin(headers, *encoding, size)
	switch how.Mode {
	case "unavailable":
		return how, status.Error(codes.Unavailable, "told to")
	case "refuse":
		return how, status.Error(codes.InvalidArgument, "told to: 100% wrong")
	case "throttle":
		answer, err := status.New(codes.ResourceExhausted, "told to").WithDetails(retryInfo(how))
		if err != nil {
			return how, err
		}
		return how, answer.Err()
	case "hang":
		<-ctx.Done()
		return how, ctx.Err()
	}
	return how, nil
}

func retryInfo(how behaviour) *errdetails.RetryInfo {
	delay := time.Duration(how.RetryAfterMs) * time.Millisecond
	return &errdetails.RetryInfo{RetryDelay: durationpb.New(delay)}
}

// compression keeps what the request was compressed with, which gRPC hides from its methods.
type compression struct{}

func (compression) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, compression{}, new(string))
}

func (compression) HandleRPC(ctx context.Context, event stats.RPCStats) {
	if header, ok := event.(*stats.InHeader); ok {
		*ctx.Value(compression{}).(*string) = header.Compression
	}
}

func (compression) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (compression) HandleConn(context.Context, stats.ConnStats)                       {}

// ---- HTTP

func newHTTPHandler(s *sink) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, r *http.Request) {
		request := &traceservice.ExportTraceServiceRequest{}
		how, ok := beginHTTP(w, r, s, request)
		if !ok {
			return
		}
		s.addSpans(request.ResourceSpans)
		response := &traceservice.ExportTraceServiceResponse{}
		if how.Mode == "partial" {
			response.PartialSuccess = &traceservice.ExportTracePartialSuccess{RejectedSpans: how.Rejected, ErrorMessage: "told to"}
		}
		reply(w, http.StatusOK, response)
	})
	mux.HandleFunc("POST /v1/metrics", func(w http.ResponseWriter, r *http.Request) {
		request := &metricsservice.ExportMetricsServiceRequest{}
		if _, ok := beginHTTP(w, r, s, request); !ok {
			return
		}
		s.addMetrics(request.ResourceMetrics)
		reply(w, http.StatusOK, &metricsservice.ExportMetricsServiceResponse{})
	})
	return mux
}

func beginHTTP(w http.ResponseWriter, r *http.Request, s *sink, request proto.Message) (behaviour, bool) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return behaviour{}, false
	}
	size := len(body)
	encoding := r.Header.Get("Content-Encoding")
	if encoding == "gzip" {
		reader, err := gzip.NewReader(bytes.NewReader(body))
		if err == nil {
			body, err = io.ReadAll(reader)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return behaviour{}, false
		}
	}
	if r.Header.Get("Content-Type") != "application/x-protobuf" {
		http.Error(w, "not protobuf", http.StatusUnsupportedMediaType)
		return behaviour{}, false
	}
	if err := proto.Unmarshal(body, request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return behaviour{}, false
	}
	headers := map[string]string{}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	how := s.begin(headers, encoding, size)
	switch how.Mode {
	case "unavailable":
		http.Error(w, "told to", http.StatusServiceUnavailable)
	case "refuse":
		reply(w, http.StatusBadRequest, &rpcstatus.Status{Code: int32(codes.InvalidArgument), Message: "told to: 100% wrong"})
	case "throttle":
		w.Header().Set("Retry-After", strconv.Itoa((how.RetryAfterMs+999)/1000))
		http.Error(w, "told to", http.StatusTooManyRequests)
	case "hang":
		<-r.Context().Done()
	default:
		return how, true
	}
	return how, false
}

func reply(w http.ResponseWriter, code int, message proto.Message) {
	body, err := proto.Marshal(message)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.WriteHeader(code)
	w.Write(body)
}

// ---- control

func newControlHandler(s *sink) http.Handler {
	mux := http.NewServeMux()
	locked := func(look func() any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			s.mutex.Lock()
			defer s.mutex.Unlock()
			json.NewEncoder(w).Encode(look())
		}
	}
	mux.HandleFunc("GET /state", locked(func() any { return s.state }))
	mux.HandleFunc("GET /spans", locked(func() any { return append([]span{}, s.spans...) }))
	mux.HandleFunc("GET /metrics", locked(func() any {
		points := []point{}
		for _, all := range s.metrics {
			points = append(points, all...)
		}
		return points
	}))
	mux.HandleFunc("POST /behave", func(w http.ResponseWriter, r *http.Request) {
		var next behaviour
		if err := json.NewDecoder(r.Body).Decode(&next); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.behave(next)
	})
	mux.HandleFunc("POST /reset", func(http.ResponseWriter, *http.Request) { s.reset() })
	return mux
}
