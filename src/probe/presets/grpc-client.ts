import { errorTypeLabels } from '../preset/error-labels.ts';
import type { Preset, PresetCapture, PresetField, PresetWord } from '../preset/preset.ts';

/** Of newClientStream(ctx, desc, cc, method, opts…): kept until the call ends. */
const target: readonly PresetWord[] = [
  { from: { saved: 0 }, as: 'string', fields: [{ text: 'method', maxBytes: 256 }] },
  {
    from: { saved: 2 },
    types: ['google.golang.org/grpc.ClientConn'],
    fields: [{ field: 'target', path: 'target', maxBytes: 256 }],
  },
];

const targetLabels: readonly PresetWord[] = [
  { from: { saved: 0 }, as: 'string', fields: [{ label: 'method', path: '', as: 'text', place: 0 }] },
  {
    from: { saved: 2 },
    types: ['google.golang.org/grpc.ClientConn'],
    fields: [{ label: 'target', path: 'target', as: 'part', place: 1 }],
  },
];
/**
 * An error is a status, one that wraps one, the end of a stream that ended well, or another one, which is known by its type
 * and by its text where that is a constant.
 */
const outcomeLabels = (from: PresetWord['from']): PresetCapture => ({
  words: [
    ...targetLabels,
    { from, as: 'interface', fields: [{ isSet: 'failed', place: 0 }] },
    {
      from,
      as: 'interface',
      fields: [
        ...[1, 2].map((): PresetField => ({ unwrap: '*fmt.wrapError', path: 'err' })),
        {
          behind: '*google.golang.org/grpc/internal/status.Error',
          fields: [{ label: 'code', path: ['s.s.Code', 's.Code'], as: 'code', place: 2 }],
        },
      ],
    },
    {
      from,
      as: 'interface',
      fields: [
        {
          behind: '*errors.errorString',
          fields: [{ label: 'endOfStream', path: 's', as: { choices: ['EOF'] }, place: 4 }],
        },
        ...errorTypeLabels(6, 5),
      ],
    },
  ],
});

/** Of the last attempt, on the stream of which it is. */
const messages: PresetWord = {
  from: { argument: 0 },
  types: ['google.golang.org/grpc.clientStream'],
  fields: [{ messages: true, path: ['attempt.transportStream', 'attempt.s'] }],
};

/**
 * grpc-go's client, unary and streaming calls: newClientStream makes the stream of each, also of Invoke's. It returns
 * (ClientStream, error); the call ends in (*clientStream).finish(err), on whatever goroutine. finish is called again and
 * again: the first time counts.
 */
export const grpcClient: Preset = {
  name: 'grpc-go client',
  library: 'grpc',
  kind: 'rpc.client',
  scopeName: 'sidespan/google.golang.org/grpc',
  server: false,
  held: false,
  failure: { set: 0 },
  sites: [
    {
      functions: ['google.golang.org/grpc.newClientStream'],
      where: 'entry',
      action: 'enter',
      context: { argument: 0 },
      capture: {
        words: [
          { from: { argument: 4 }, as: 'string', save: 0 },
          { from: { argument: 3 }, save: 2 },
        ],
      },
      labels: {
        words: [
          { from: { argument: 4 }, as: 'string', save: 0 },
          { from: { argument: 3 }, save: 2 },
        ],
      },
      resultLabels: outcomeLabels({ result: 2, behind: 9 }),
      object: 1,
      // Releases from 1.84 on wrap it.
      objectIn: { type: 'google.golang.org/grpc.clientStreamWrapper', path: 'ClientStream' },
      results: {
        words: [
          ...target,
          { from: { result: 2, behind: 9 }, as: 'interface', fields: [{ dynamic: 'error', type: 'error' }] },
        ],
      },
    },
    {
      functions: ['google.golang.org/grpc.(*clientStream).finish'],
      where: 'entry',
      action: 'release',
      object: 0,
      labels: { words: [...outcomeLabels({ argument: 1 }).words, messages] },
      capture: {
        words: [
          ...target,
          messages,
          { from: { argument: 1 }, as: 'interface', fields: [{ dynamic: 'error', type: 'error' }] },
        ],
      },
    },
  ],
  abandoned: { words: target },
  abandonedLabels: { words: targetLabels },
};
