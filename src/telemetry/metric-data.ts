import type { Attributes, HrTime, ValueType } from '@opentelemetry/api';
import type {
  AggregationTemporality,
  DataPoint,
  DataPointType,
  MetricDescriptor,
  SumMetricData,
} from '@opentelemetry/sdk-metrics';

/** The enumerations of @opentelemetry/sdk-metrics and api, of which only the types are needed. */
export const CUMULATIVE = 1 as AggregationTemporality.CUMULATIVE;
export const DELTA = 0 as AggregationTemporality.DELTA;
export const DATA_POINT = {
  HISTOGRAM: 0 as DataPointType.HISTOGRAM,
  EXPONENTIAL_HISTOGRAM: 1 as DataPointType.EXPONENTIAL_HISTOGRAM,
  GAUGE: 2 as DataPointType.GAUGE,
  SUM: 3 as DataPointType.SUM,
};
export const VALUE_TYPE = { INT: 0 as ValueType.INT, DOUBLE: 1 as ValueType.DOUBLE };

/** Attributes objects are kept by their identity where a difference to the last export is needed: reuse them. */
export type Point = readonly [attributes: Attributes, value: number];

export function counter(
  descriptor: MetricDescriptor,
  points: readonly Point[],
  startTime: HrTime,
  endTime: HrTime,
): SumMetricData {
  return { ...sum(descriptor, points, startTime, endTime), isMonotonic: true };
}

/** A sum that goes up and down: what waits in a queue. */
export function level(
  descriptor: MetricDescriptor,
  points: readonly Point[],
  startTime: HrTime,
  endTime: HrTime,
): SumMetricData {
  return { ...sum(descriptor, points, startTime, endTime), isMonotonic: false };
}

function sum(descriptor: MetricDescriptor, points: readonly Point[], startTime: HrTime, endTime: HrTime) {
  return {
    descriptor,
    aggregationTemporality: CUMULATIVE,
    dataPointType: DATA_POINT.SUM,
    dataPoints: points.map(([attributes, value]): DataPoint<number> => ({ attributes, value, startTime, endTime })),
  };
}
