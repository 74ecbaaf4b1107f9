import type { NotesPreset } from '../preset/preset.ts';
import { notedPlace } from '../wire.ts';

const find = ['github.com/labstack/echo/v4.(*Router).Find', 'github.com/labstack/echo.(*Router).Find'];

/** echo's routes: (*Router).Find(method, path string, c Context) puts the route's path into the context. */
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
            fields: [{ field: 'route', path: 'path', maxBytes: 128 }],
          },
        ],
      },
      labels: {
        words: [
          {
            from: { saved: 3 },
            types: ['github.com/labstack/echo/v4.context', 'github.com/labstack/echo.context'],
            fields: [{ label: 'route', path: 'path', as: 'note', place: notedPlace }],
          },
        ],
      },
    },
  ],
};
