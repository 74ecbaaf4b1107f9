export const viewNames = ['traces', 'latency', 'ledger', 'attached'] as const;
export type ViewName = (typeof viewNames)[number];

/**
 * Where the page is: all of it stands in the URL's fragment, so that a link brings somebody else to the same place.
 *
 *   #/traces?service=gateway&error=1
 *   #/traces/<trace id>?span=<span id>&service=gateway&error=1
 *   #/latency?sort=p99&operation=gateway%20main.charge
 */
export interface Place {
  readonly view: ViewName;
  readonly traceId?: string | undefined;
  readonly spanId?: string | undefined;
  readonly service: string;
  readonly name: string;
  readonly minDurationMs: string;
  readonly errorsOnly: boolean;
  readonly paused: boolean;
  readonly sort: string;
  /** The chosen histogram: service, space, name. */
  readonly operation: string;
}

export const firstPlace: Place = {
  view: 'traces',
  service: '',
  name: '',
  minDurationMs: '',
  errorsOnly: false,
  paused: false,
  sort: '',
  operation: '',
};

export function parsePlace(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [name, id] = path.split('/');
  const params = new URLSearchParams(query);
  return {
    view: viewNames.find((each) => each === name) ?? 'traces',
    traceId: name === 'traces' && id !== undefined && /^[0-9a-f]{32}$/.test(id) ? id : undefined,
    spanId: params.get('span') ?? undefined,
    service: params.get('service') ?? '',
    name: params.get('name') ?? '',
    minDurationMs: params.get('min') ?? '',
    errorsOnly: params.get('error') === '1',
    paused: params.get('paused') === '1',
    sort: params.get('sort') ?? '',
    operation: params.get('operation') ?? '',
  };
}

export function hashOf(place: Place): string {
  const params = new URLSearchParams();
  const set = (key: string, value: string | undefined) => value && params.set(key, value);
  if (place.traceId !== undefined) set('span', place.spanId);
  set('service', place.service);
  set('name', place.name);
  set('min', place.minDurationMs);
  set('error', place.errorsOnly ? '1' : '');
  set('paused', place.paused ? '1' : '');
  set('sort', place.sort);
  set('operation', place.operation);
  const path = place.traceId === undefined ? place.view : `traces/${place.traceId}`;
  return `#/${path}${params.size > 0 ? `?${params}` : ''}`;
}

/** The filter as the API's query. */
export function filterQuery(place: Place): URLSearchParams {
  const params = new URLSearchParams();
  if (place.service) params.set('service', place.service);
  if (place.name) params.set('name', place.name);
  if (isDuration(place.minDurationMs)) params.set('minDurationMs', place.minDurationMs);
  if (place.errorsOnly) params.set('error', '1');
  return params;
}

export function isFiltered(place: Place): boolean {
  return filterQuery(place).size > 0;
}

export function isDuration(text: string): boolean {
  return /^\d+(?:\.\d+)?$/.test(text);
}
