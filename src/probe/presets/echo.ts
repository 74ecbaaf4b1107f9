import type { NotesPreset } from '../preset/preset.ts';
import { notedPlace } from '../wire.ts';

const find = ['github.com/labstack/echo/v4.(*Router).Find', 'github.com/labstack/echo.(*Router).Find'];

/**
 * echo's routes: (*Router).Find(method, path string, c Context) puts the route's path into the context. Where none matched, the
 * context has no names of parameters, not even an empty list; its path is then the request's, up to 4.10, or that of a route for other methods.
 */
export const echo: NotesPreset = {
  name: 'echo routes',
  library: 'net/http',
  notes: 'net/http server',
  sites: [
    {
      functions: find,
      where: 'entry',
      action: 'note',
      capture: { words: [{ from: { argument: 6 }, save: 3 }] },
      labels: { words: [{ from: { argument: 6 }, save: 3 }] },
    },
    {
      functions: find,
      where: 'exits',
      action: 'note',
      capture: {
        words: [
          {
            from: { saved: 3 },
            types: ['github.com/labstack/echo/v4.context', 'github.com/labstack/echo.context'],
            fields: [
              { present: 'isRouted', path: 'pnames' },
              { field: 'route', path: 'path', maxBytes: 128 },
            ],
          },
        ],
      },
      labels: {
        words: [
          {
            from: { saved: 3 },
            types: ['github.com/labstack/echo/v4.context', 'github.com/labstack/echo.context'],
            fields: [{ label: 'route', path: 'path', as: 'note', place: notedPlace, ifSet: 'pnames' }],
          },
        ],
      },
    },
  ],
};
