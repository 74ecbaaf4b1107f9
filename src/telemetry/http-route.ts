import type { HasFields } from './preset-field.ts';

/**
 * The route that a router said, the last time that one did: of routers within each other the inner ones answer last, or
 * the outer one again. Undefined where none is used or none matched.
 */
export function routeByRouter({ fields }: HasFields): string | undefined {
  for (let index = fields.length - 1; index >= 0; index--) {
    const field = fields[index];
    if (field?.truncated !== undefined) continue;
    if (field?.name === 'route' && typeof field.value === 'string' && field.value !== '') return field.value;
    if (field?.name === 'routes' && Array.isArray(field.value)) {
      const route = routeOfPatterns(field.value);
      if (route !== undefined) return route;
    }
  }
  return undefined;
}

/** As chi's (*Context).RoutePattern joins the patterns of routers within each other: `/api/*` and `/items/{id}`. */
function routeOfPatterns(patterns: readonly unknown[]): string | undefined {
  if (!patterns.every((pattern) => typeof pattern === 'string')) return undefined;
  let route = patterns.join('');
  while (route.includes('/*/')) route = route.replaceAll('/*/', '/');
  return route === '/' ? route : route.replace(/\/{1,2}$/, '') || undefined;
}
