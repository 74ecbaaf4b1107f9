import type { Preset, PresetCapture, PresetField } from '../preset/preset.ts';

const transport = 'google.golang.org/grpc/internal/transport';

/** One type up to grpc-go 1.68; since then the server's has its own, which holds or embeds the common one. */
const streamTypes = [`${transport}.ServerStream`, `${transport}.Stream`];

/** What NewIncomingContext keeps under this key is a metadata.MD, a map[string][]string with keys in lower case. */
const incomingMetadata = 'google.golang.org/grpc/metadata.mdIncomingKey';

const streamFields: readonly PresetField[] = [{ field: 'method', path: 'method', maxBytes: 256 }];

const statusFields: readonly PresetField[] = [
  // A nil *Status, or one with a nil proto, is OK.
  { field: 'code', path: 's.Code', whenNil: 0 },
  { field: 'message', path: 's.Message', maxBytes: 256 },
];

/** What the metric of a call that is not sampled tells apart. Of names that anybody may make up there is no end. */
const unimplemented = 12;
const methodLabels: readonly PresetField[] = [
  { label: 'method', path: 'method', as: 'text', place: 0, unlessCode: unimplemented },
];
const statusLabels: readonly PresetField[] = [{ label: 'code', path: 's.Code', as: 'code', place: 0, whenNil: 0 }];

const statusType = 'google.golang.org/grpc/internal/status.Status';

/** The code first: by it the method's name is left out. */
const statusLabelWords: PresetCapture = {
  words: [
    { from: { argument: 2 }, types: [statusType], fields: statusLabels },
    { from: { argument: 1 }, types: streamTypes, fields: [...methodLabels, { messages: true }] },
  ],
};

/**
 * grpc-go's server, unary and streaming calls. Each runs (*Server).handleStream(t, stream) and writes its status on the same
 * goroutine; where a stream's Send or Recv has failed, there already. The first one counts.
 */
export const grpcServer: Preset = {
  name: 'grpc-go server',
  library: 'grpc',
  kind: 'rpc.server',
  scopeName: 'sidespan/google.golang.org/grpc',
  server: true,
  held: true,
  // To a server these are errors: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS.
  failure: { code: { place: 0, among: [2, 4, 12, 13, 14, 15] } },
  sites: [
    {
      functions: ['google.golang.org/grpc.(*Server).handleStream'],
      where: 'entry',
      action: 'enter',
      context: { argument: 3, types: streamTypes, path: 'ctx' },
      capture: {
        words: [
          {
            from: { argument: 3 },
            types: streamTypes,
            save: 0,
            fields: [
              {
                context: incomingMetadata,
                path: 'ctx',
                optional: true,
                fields: [{ traceparent: 'traceparent' }, { field: 'tracestate', header: 'tracestate', maxBytes: 512 }],
              },
            ],
          },
        ],
      },
      labels: { words: [{ from: { argument: 3 }, save: 0 }] },
    },
    {
      functions: [`${transport}.(*http2Server).writeStatus`, `${transport}.(*http2Server).WriteStatus`],
      where: 'entry',
      action: 'finish',
      repeats: true,
      capture: {
        words: [
          { from: { argument: 1 }, types: streamTypes, fields: [...streamFields, { messages: true }] },
          {
            from: { argument: 0 },
            types: [`${transport}.http2Server`],
            fields: [{ field: 'peer', path: ['peer.Addr', 'remoteAddr'], optional: true }],
          },
          { from: { argument: 2 }, types: [statusType], fields: statusFields },
        ],
      },
      labels: statusLabelWords,
    },
    {
      // A grpc.Server behind net/http's: calls come through ServeHTTP.
      functions: [
        `${transport}.(*serverHandlerTransport).writeStatus`,
        `${transport}.(*serverHandlerTransport).WriteStatus`,
      ],
      where: 'entry',
      action: 'finish',
      repeats: true,
      optional: 'the program does not serve gRPC through net/http',
      capture: {
        words: [
          { from: { argument: 1 }, types: streamTypes, fields: [...streamFields, { messages: true }] },
          { from: { argument: 2 }, types: [statusType], fields: statusFields },
        ],
      },
      labels: statusLabelWords,
    },
    { functions: ['runtime.goexit1'], where: 'entry', action: 'goroutineEnd' },
  ],
  abandonedLabels: {
    words: [{ from: { saved: 0 }, types: streamTypes, fields: [...methodLabels, { messages: true }] }],
  },
  abandoned: { words: [{ from: { saved: 0 }, types: streamTypes, fields: [...streamFields, { messages: true }] }] },
};
