package main

import (
	"math"
	"strconv"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
)

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
