package main

import (
	"sync"
	"time"

	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
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
