/** Routes by the look of paths, without their queries, for requests of which no router said one. */
export type RouteGuesser = (path: string) => string;

/** Different routes of one server. */
const MAX_ROUTES = 100;
/** Of a path; what comes behind is one `*`. */
const MAX_SEGMENTS = 8;
const MAX_SEGMENT_CHARACTERS = 40;
/** What stands for all routes that come when there are so many. */
export const OTHER_ROUTE = 'other';

const VERSION = /^v\d{1,3}(?:(?:alpha|beta|rc)\d*)?$/i;
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/;
const UUID = /^[\da-f]{8}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{12}$/i;
const HEX = /^(?:0x)?(?=[a-f]*\d)[\da-f]{8,}$/i;
const DATE = /^\d{4}-\d{2}(?:-\d{2})?(?:[T ].*)?$/;
/** Base 32 or 64, a slug with a number, a token: long, with a digit. */
const TOKEN = /^(?=\D*\d)[\w.~=+-]{16,}$/;

export function createRouteGuesser(): RouteGuesser {
  const routes = new Set<string>();
  return (path) => {
    const route = routeOf(path);
    if (routes.has(route)) return route;
    if (routes.size >= MAX_ROUTES) return OTHER_ROUTE;
    routes.add(route);
    return route;
  };
}

function routeOf(path: string): string {
  const segments = path.split('/', MAX_SEGMENTS + 2).slice(1);
  const shown = segments.slice(0, MAX_SEGMENTS).map((segment) => (isIdentifier(segment) ? '{id}' : segment));
  if (segments.length > MAX_SEGMENTS) shown.push('*');
  return `/${shown.join('/')}`;
}

function isIdentifier(segment: string): boolean {
  if (segment.length > MAX_SEGMENT_CHARACTERS) return true;
  if (VERSION.test(segment)) return false;
  // Escaped, or an address of mail: nobody writes such routes.
  if (/[%@:;,]/.test(segment)) return true;
  return [NUMBER, UUID, HEX, DATE, TOKEN].some((form) => form.test(segment));
}
