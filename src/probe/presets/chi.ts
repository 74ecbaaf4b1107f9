import type { NotesPreset } from '../preset/preset.ts';
import { notedPlace } from '../wire.ts';

const findRoute = ['github.com/go-chi/chi/v5.(*node).FindRoute', 'github.com/go-chi/chi.(*node).FindRoute'];

/** Older ones don't keep the request's context. */
const isRouted = ['parentCtx', 'Routes'];

/**
 * chi's routes. Each router on the way calls (*node).FindRoute(rctx, method, path), which puts its own part of the route
 * into the context. It is read there: the context goes back to a pool when the handler is done. Middleware asks routers too
 * (`Match`), with a context of its own: one that is not a request's.
 */
export const chi: NotesPreset = {
  name: 'chi routes',
  library: 'net/http',
  notes: 'net/http server',
  sites: [
    {
      functions: findRoute,
      where: 'entry',
      action: 'note',
      capture: { words: [{ from: { argument: 1 }, save: 3 }] },
      labels: { words: [{ from: { argument: 1 }, save: 3 }] },
    },
    {
      functions: findRoute,
      where: 'exits',
      action: 'note',
      capture: {
        words: [
          {
            from: { saved: 3 },
            types: ['github.com/go-chi/chi/v5.Context', 'github.com/go-chi/chi.Context'],
            fields: [
              { present: 'isRouted', path: isRouted },
              { field: 'routePart', path: 'routePattern', maxBytes: 128 },
            ],
          },
        ],
      },
      labels: {
        words: [
          {
            from: { saved: 3 },
            types: ['github.com/go-chi/chi/v5.Context', 'github.com/go-chi/chi.Context'],
            fields: [{ label: 'routePart', path: 'routePattern', as: 'part', place: notedPlace, ifSet: isRouted }],
          },
        ],
      },
    },
  ],
};
