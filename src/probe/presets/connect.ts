import type { NotesPreset } from '../preset/preset.ts';

const library = 'connectrpc.com/connect';

/**
 * connect-go's handlers are net/http's: the request's span says which procedure it called, and the error that the
 * procedure returned, which by its protocols may be in an answer with status 200. Every protocol's connection is closed with it,
 * on the handler's goroutine.
 */
export const connect: NotesPreset = {
  name: 'connect-go procedures',
  library: 'net/http',
  notes: 'net/http server',
  sites: [
    {
      functions: [`${library}.(*Handler).ServeHTTP`],
      where: 'entry',
      action: 'note',
      capture: {
        words: [
          {
            from: { argument: 0 },
            types: [`${library}.Handler`],
            fields: [{ field: 'connectProcedure', path: 'spec.Procedure', maxBytes: 256 }],
          },
        ],
      },
    },
    {
      functions: [`${library}.(*errorTranslatingHandlerConnCloser).Close`],
      where: 'entry',
      action: 'note',
      capture: {
        words: [{ from: { argument: 1 }, as: 'interface', fields: [{ dynamic: 'connectError', type: 'error' }] }],
      },
    },
  ],
  dynamicTypes: [{ type: `*${library}.Error`, method: 'Error', fields: [{ name: 'code', path: 'code' }] }],
};
