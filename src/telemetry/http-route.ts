import type { HasFields } from './preset-field.ts';

/**
 * The route that a router said: as a whole, and then the last time that one did (of routers within each other the outer
 * one does so again), or in parts from the outside in. Undefined where none is used or none matched.
 */
export function routeByRouter({ fields }: HasFields): string | undefined {
  let parts: string | undefined;
  for (let index = fields.length - 1; index >= 0; index--) {
    const field = fields[index];
    if (field === undefined || (field.name !== 'route' && field.name !== 'routePart')) continue;
    const { name, value, truncated } = field;
    if (typeof value !== 'string' || value === '') continue;
    // In front of it, where the router tells: whether it is one that this request took.
    const before = fields[index - 1];
    if (before?.name === 'isRouted' && before.value === false) continue;
    // Cut short it would be another one.
    if (truncated !== undefined) return undefined;
    if (name === 'route') return value;
    parts = value + (parts ?? '');
  }
  return parts === undefined ? undefined : routeOfParts(parts);
}

/** As chi's (*Context).RoutePattern joins the patterns of routers within each other: `/api/*` and `/items/{id}`. */
function routeOfParts(parts: string): string | undefined {
  let route = parts;
  while (route.includes('/*/')) route = route.replaceAll('/*/', '/');
  return route === '/' ? route : route.replace(/\/{1,2}$/, '') || undefined;
}
