import type { NotesPreset } from '../preset/preset.ts';
import { notedPlace } from '../wire.ts';

/**
 * gin's routes: (*node).getValue(path, params, skippedNodes, unescape) returns {handlers, params, tsr, fullPath}, with a
 * fullPath where it found handlers.
 */
export const gin: NotesPreset = {
  name: 'gin routes',
  library: 'net/http',
  notes: 'net/http server',
  sites: [
    {
      functions: ['github.com/gin-gonic/gin.(*node).getValue'],
      where: 'exits',
      action: 'note',
      capture: {
        words: [{ from: { result: 5, behind: 6 }, as: 'string', fields: [{ text: 'route', maxBytes: 128 }] }],
      },
      labels: {
        words: [
          {
            from: { result: 5, behind: 6 },
            as: 'string',
            fields: [{ label: 'route', path: '', as: 'note', place: notedPlace }],
          },
        ],
      },
    },
  ],
};
