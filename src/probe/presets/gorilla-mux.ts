import type { NotesPreset } from '../preset/preset.ts';
import { notedPlace } from '../wire.ts';

const match = ['github.com/gorilla/mux.(*Router).Match'];

/** gorilla/mux's routes: (*Router).Match(req, match *RouteMatch), of subrouters within that of the router itself. */
export const gorillaMux: NotesPreset = {
  name: 'gorilla/mux routes',
  library: 'net/http',
  notes: 'net/http server',
  sites: [
    {
      functions: match,
      where: 'entry',
      action: 'note',
      capture: { words: [{ from: { argument: 2 }, save: 3 }] },
      labels: { words: [{ from: { argument: 2 }, save: 3 }] },
    },
    {
      functions: match,
      where: 'exits',
      action: 'note',
      capture: {
        words: [
          {
            from: { saved: 3 },
            types: ['github.com/gorilla/mux.RouteMatch'],
            fields: [{ field: 'route', path: 'Route.regexp.path.template', maxBytes: 128 }],
          },
        ],
      },
      labels: {
        words: [
          {
            from: { saved: 3 },
            types: ['github.com/gorilla/mux.RouteMatch'],
            fields: [{ label: 'route', path: 'Route.regexp.path.template', as: 'note', place: notedPlace }],
          },
        ],
      },
    },
  ],
};
