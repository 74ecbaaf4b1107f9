import type { Attributes, HrTime } from '@opentelemetry/api';
import type { MetricDescriptor, SumMetricData } from '@opentelemetry/sdk-metrics';
import { level } from './metric-data.ts';

/** How many requests are open: counted anew each time that somebody wants to know. */
export interface ActiveRequests {
  count(attributes: Attributes): void;
  /** Nothing is open, until it is counted again. */
  reset(): void;
  data(startTime: HrTime, endTime: HrTime): SumMetricData;
}

/** Of methods and schemes there are few; servers that a client talks to may be many. */
const MAX_SERIES = 500;
const OVERFLOW: Attributes = { 'otel.metric.overflow': true };

export function createActiveRequests(descriptor: MetricDescriptor): ActiveRequests {
  const byKey = new Map<string, { readonly attributes: Attributes; active: number }>();

  function seriesOf(attributes: Attributes) {
    const key = JSON.stringify(attributes);
    let series = byKey.get(key);
    if (series === undefined) {
      if (byKey.size >= MAX_SERIES && attributes !== OVERFLOW) return seriesOf(OVERFLOW);
      series = { attributes, active: 0 };
      byKey.set(key, series);
    }
    return series;
  }

  return {
    count(attributes) {
      seriesOf(attributes).active++;
    },
    reset() {
      for (const series of byKey.values()) series.active = 0;
    },
    // Also of those of which there is none any more: it is 0 then.
    data: (startTime, endTime) =>
      level(
        descriptor,
        Array.from(byKey.values(), ({ attributes, active }) => [attributes, active] as const),
        startTime,
        endTime,
      ),
  };
}
