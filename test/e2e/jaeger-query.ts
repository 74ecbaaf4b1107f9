/** Jaeger's own query API, as its user interface reads it: https://www.jaegertracing.io/docs/latest/apis/ */

export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string; readonly tags: readonly JaegerTag[] }>>;
}

export interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly { readonly refType: string; readonly spanID: string }[];
  /** In us. */
  readonly duration: number;
  readonly tags: readonly JaegerTag[];
  readonly processID: string;
}

export interface JaegerTag {
  readonly key: string;
  readonly value: string | number | boolean;
}

/** Names of the services that sent spans. */
export async function jaegerServices(url: string): Promise<string[]> {
  const answer = (await getJson(`${url}/api/services`)) as { data: string[] | null };
  return answer.data ?? [];
}

/** The newest traces of a service, spans of other services in them included. */
export async function jaegerTraces(url: string, service: string, limit = 100): Promise<JaegerTrace[]> {
  const query = new URLSearchParams({ service, limit: String(limit), lookback: '1h' });
  const answer = (await getJson(`${url}/api/traces?${query}`)) as { data: JaegerTrace[] | null };
  return answer.data ?? [];
}

/** A tag's value, undefined if the span has none of that key. */
export function tag(span: JaegerSpan, key: string): string | number | boolean | undefined {
  return span.tags.find((candidate) => candidate.key === key)?.value;
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.json();
}
