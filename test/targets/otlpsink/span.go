package main

import (
	"encoding/hex"
	"strconv"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

type span struct {
	TraceID        string         `json:"traceId"`
	SpanID         string         `json:"spanId"`
	ParentSpanID   string         `json:"parentSpanId,omitempty"`
	TraceState     string         `json:"traceState,omitempty"`
	Flags          uint32         `json:"flags"`
	Name           string         `json:"name"`
	Kind           string         `json:"kind"`
	StartUnixNs    string         `json:"startUnixNs"`
	DurationNs     int64          `json:"durationNs"`
	Attributes     map[string]any `json:"attributes"`
	Status         string         `json:"status"`
	StatusMessage  string         `json:"statusMessage,omitempty"`
	Events         []event        `json:"events,omitempty"`
	Resource       map[string]any `json:"resource"`
	Scope          string         `json:"scope"`
	ScopeVersion   string         `json:"scopeVersion"`
	SchemaURL      string         `json:"schemaUrl"`
	ReceivedUnixMs int64          `json:"receivedUnixMs"`
}

type event struct {
	Name       string         `json:"name"`
	Attributes map[string]any `json:"attributes"`
}

func toSpan(one *tracepb.Span, scope *tracepb.ScopeSpans, resource map[string]any, received int64) span {
	var events []event
	for _, e := range one.Events {
		events = append(events, event{Name: e.Name, Attributes: attributes(e.Attributes)})
	}
	return span{
		TraceID:        hex.EncodeToString(one.TraceId),
		SpanID:         hex.EncodeToString(one.SpanId),
		ParentSpanID:   hex.EncodeToString(one.ParentSpanId),
		TraceState:     one.TraceState,
		Flags:          one.Flags,
		Name:           one.Name,
		Kind:           one.Kind.String()[len("SPAN_KIND_"):],
		StartUnixNs:    strconv.FormatUint(one.StartTimeUnixNano, 10),
		DurationNs:     int64(one.EndTimeUnixNano - one.StartTimeUnixNano),
		Attributes:     attributes(one.Attributes),
		Status:         one.Status.GetCode().String()[len("STATUS_CODE_"):],
		StatusMessage:  one.Status.GetMessage(),
		Events:         events,
		Resource:       resource,
		Scope:          scope.Scope.GetName(),
		ScopeVersion:   scope.Scope.GetVersion(),
		SchemaURL:      scope.SchemaUrl,
		ReceivedUnixMs: received,
	}
}
