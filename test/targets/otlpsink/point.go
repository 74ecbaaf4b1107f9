package main

import (
	"encoding/hex"
	"strconv"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
)

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
			p := histogramPoint(base, one)
			p.Buckets = one.BucketCounts
			p.Bounds = one.ExplicitBounds
			points = append(points, p)
		}
	case *metricspb.Metric_ExponentialHistogram:
		base.Type = "exponential histogram"
		base.Temporality = data.ExponentialHistogram.AggregationTemporality.String()
		for _, one := range data.ExponentialHistogram.DataPoints {
			p := histogramPoint(base, one)
			p.Scale = &one.Scale
			p.ZeroCount = one.ZeroCount
			p.Offset = one.Positive.GetOffset()
			p.Buckets = one.Positive.GetBucketCounts()
			points = append(points, p)
		}
	}
	return points
}

// anyHistogramPoint is what both kinds of histograms have.
type anyHistogramPoint interface {
	GetAttributes() []*commonpb.KeyValue
	GetStartTimeUnixNano() uint64
	GetTimeUnixNano() uint64
	GetSum() float64
	GetCount() uint64
	GetExemplars() []*metricspb.Exemplar
}

func histogramPoint(base point, one anyHistogramPoint) point {
	base.Attributes = attributes(one.GetAttributes())
	base.StartUnixNs = strconv.FormatUint(one.GetStartTimeUnixNano(), 10)
	base.TimeUnixNs = strconv.FormatUint(one.GetTimeUnixNano(), 10)
	base.Value = one.GetSum()
	base.Count = one.GetCount()
	base.Exemplars = toExemplars(one.GetExemplars())
	return base
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
