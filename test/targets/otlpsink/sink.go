package main

import (
	"encoding/hex"
	"math"
	"strconv"
	"sync"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// behaviour is how requests are answered.
type behaviour struct {
	// ok, unavailable, refuse, throttle, partial or hang.
	Mode string `json:"mode"`
	// For so many requests, then ok; 0: for all.
	Requests int `json:"requests"`
	// Wait so long before answering.
	DelayMs int `json:"delayMs"`
	// throttle: what to send as Retry-After or RetryInfo.
	RetryAfterMs int `json:"retryAfterMs"`
	// partial: how many spans or data points to refuse of each request.
	Rejected int64 `json:"rejected"`
}

type sink struct {
	mutex     sync.Mutex
	keep      int
	behaviour behaviour
	left      int
	state     state
	spans     []span
	ids       map[string]bool
	metrics   map[string][]point
}

// state is what happened so far. Spans and data points are counted when they are accepted.
type state struct {
	Requests       int               `json:"requests"`
	Answered       map[string]int    `json:"answered"`
	Spans          int               `json:"spans"`
	DistinctSpans  int               `json:"distinctSpans"`
	MetricRequests int               `json:"metricRequests"`
	DataPoints     int               `json:"dataPoints"`
	Headers        map[string]string `json:"headers"`
	Encoding       string            `json:"encoding"`
	Bytes          int               `json:"bytes"`
}

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

type exemplar struct {
	UnixNs  string  `json:"unixNs"`
	Value   float64 `json:"value"`
	TraceID string  `json:"traceId"`
	SpanID  string  `json:"spanId"`
}

type point struct {
	Resource    map[string]any `json:"resource"`
	Scope       string         `json:"scope"`
	Name        string         `json:"name"`
	Unit        string         `json:"unit"`
	Type        string         `json:"type"`
	Temporality string         `json:"temporality,omitempty"`
	Attributes  map[string]any `json:"attributes"`
	Value       float64        `json:"value"`
	Count       uint64         `json:"count,omitempty"`
	Buckets     []uint64       `json:"buckets,omitempty"`
	Bounds      []float64      `json:"bounds,omitempty"`
	Scale       *int32         `json:"scale,omitempty"`
	Offset      int32          `json:"offset"`
	ZeroCount   uint64         `json:"zeroCount,omitempty"`
	Exemplars   []exemplar     `json:"exemplars,omitempty"`
	StartUnixNs string         `json:"startUnixNs"`
	TimeUnixNs  string         `json:"timeUnixNs"`
}

func newSink(keep int) *sink {
	s := &sink{keep: keep}
	s.reset()
	return s
}

func (s *sink) reset() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.behaviour = behaviour{Mode: "ok"}
	s.left = 0
	s.state = state{Answered: map[string]int{}, Headers: map[string]string{}}
	s.spans = nil
	s.ids = map[string]bool{}
	s.metrics = map[string][]point{}
}

func (s *sink) behave(next behaviour) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.behaviour = next
	s.left = next.Requests
}

// begin counts a request and says how to answer it.
func (s *sink) begin(headers map[string]string, encoding string, bytes int) behaviour {
	s.mutex.Lock()
	now := s.behaviour
	if now.Requests > 0 {
		if s.left > 0 {
			s.left--
		} else {
			now = behaviour{Mode: "ok"}
		}
	}
	s.state.Requests++
	s.state.Answered[now.Mode]++
	s.state.Headers = headers
	s.state.Encoding = encoding
	s.state.Bytes += bytes
	s.mutex.Unlock()
	time.Sleep(time.Duration(now.DelayMs) * time.Millisecond)
	return now
}

func (s *sink) addSpans(all []*tracepb.ResourceSpans) {
	received := time.Now().UnixMilli()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, ofResource := range all {
		resource := resourceAttributes(ofResource.Resource)
		for _, ofScope := range ofResource.ScopeSpans {
			for _, one := range ofScope.Spans {
				id := string(one.SpanId)
				s.state.Spans++
				if !s.ids[id] {
					s.ids[id] = true
					s.state.DistinctSpans++
				}
				if len(s.spans) < s.keep {
					s.spans = append(s.spans, toSpan(one, ofScope, resource, received))
				}
			}
		}
	}
}

func (s *sink) addMetrics(all []*metricspb.ResourceMetrics) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.state.MetricRequests++
	for _, ofResource := range all {
		resource := resourceAttributes(ofResource.Resource)
		var points []point
		for _, ofScope := range ofResource.ScopeMetrics {
			for _, metric := range ofScope.Metrics {
				for _, one := range toPoints(metric) {
					one.Resource = resource
					one.Scope = ofScope.Scope.GetName()
					points = append(points, one)
				}
			}
		}
		s.state.DataPoints += len(points)
		s.metrics[stringOf(resource["service.instance.id"])] = points
	}
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

func toPoints(metric *metricspb.Metric) []point {
	base := point{Name: metric.Name, Unit: metric.Unit}
	var points []point
	number := func(all []*metricspb.NumberDataPoint) {
		for _, one := range all {
			p := base
			p.Attributes = attributes(one.Attributes)
			p.StartUnixNs = strconv.FormatUint(one.StartTimeUnixNano, 10)
			p.TimeUnixNs = strconv.FormatUint(one.TimeUnixNano, 10)
			p.Value = one.GetAsDouble()
			if _, integer := one.Value.(*metricspb.NumberDataPoint_AsInt); integer {
				p.Value = float64(one.GetAsInt())
			}
			points = append(points, p)
		}
	}
	switch data := metric.Data.(type) {
	case *metricspb.Metric_Sum:
		base.Type = "sum"
		if data.Sum.IsMonotonic {
			base.Type = "counter"
		}
		base.Temporality = data.Sum.AggregationTemporality.String()
		number(data.Sum.DataPoints)
	case *metricspb.Metric_Gauge:
		base.Type = "gauge"
		number(data.Gauge.DataPoints)
	case *metricspb.Metric_Histogram:
		base.Type = "histogram"
		base.Temporality = data.Histogram.AggregationTemporality.String()
		for _, one := range data.Histogram.DataPoints {
			p := base
			p.Attributes = attributes(one.Attributes)
			p.StartUnixNs = strconv.FormatUint(one.StartTimeUnixNano, 10)
			p.TimeUnixNs = strconv.FormatUint(one.TimeUnixNano, 10)
			p.Value = one.GetSum()
			p.Count = one.Count
			p.Buckets = one.BucketCounts
			p.Bounds = one.ExplicitBounds
			p.Exemplars = toExemplars(one.Exemplars)
			points = append(points, p)
		}
	case *metricspb.Metric_ExponentialHistogram:
		base.Type = "exponential histogram"
		base.Temporality = data.ExponentialHistogram.AggregationTemporality.String()
		for _, one := range data.ExponentialHistogram.DataPoints {
			p := base
			p.Attributes = attributes(one.Attributes)
			p.StartUnixNs = strconv.FormatUint(one.StartTimeUnixNano, 10)
			p.TimeUnixNs = strconv.FormatUint(one.TimeUnixNano, 10)
			p.Value = one.GetSum()
			p.Count = one.Count
			p.Scale = &one.Scale
			p.ZeroCount = one.ZeroCount
			p.Offset = one.Positive.GetOffset()
			p.Buckets = one.Positive.GetBucketCounts()
			p.Exemplars = toExemplars(one.Exemplars)
			points = append(points, p)
		}
	}
	return points
}

func resourceAttributes(resource *resourcepb.Resource) map[string]any {
	return attributes(resource.GetAttributes())
}

func attributes(all []*commonpb.KeyValue) map[string]any {
	result := map[string]any{}
	for _, one := range all {
		result[one.Key] = value(one.Value)
	}
	return result
}

// value is what JSON can hold: integers beyond 2^53 as digits.
func value(of *commonpb.AnyValue) any {
	switch v := of.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return v.StringValue
	case *commonpb.AnyValue_BoolValue:
		return v.BoolValue
	case *commonpb.AnyValue_IntValue:
		if v.IntValue > 1<<53 || v.IntValue < -1<<53 {
			return strconv.FormatInt(v.IntValue, 10)
		}
		return v.IntValue
	case *commonpb.AnyValue_DoubleValue:
		if math.IsNaN(v.DoubleValue) || math.IsInf(v.DoubleValue, 0) {
			return strconv.FormatFloat(v.DoubleValue, 'g', -1, 64)
		}
		return v.DoubleValue
	case *commonpb.AnyValue_ArrayValue:
		list := []any{}
		for _, one := range v.ArrayValue.Values {
			list = append(list, value(one))
		}
		return list
	}
	return nil
}

func stringOf(value any) string {
	text, _ := value.(string)
	return text
}

func toExemplars(all []*metricspb.Exemplar) []exemplar {
	var found []exemplar
	for _, one := range all {
		found = append(found, exemplar{
			UnixNs:  strconv.FormatUint(one.TimeUnixNano, 10),
			Value:   one.GetAsDouble(),
			TraceID: hex.EncodeToString(one.TraceId),
			SpanID:  hex.EncodeToString(one.SpanId),
		})
	}
	return found
}
