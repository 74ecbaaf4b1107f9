import { errorBehind } from '../preset/database-errors.ts';
import { errorText, errorTypeLabels } from '../preset/error-labels.ts';
import type {
  NotesPreset,
  Preset,
  PresetDynamicType,
  PresetField,
  PresetLabel,
  PresetPath,
  PresetSite,
  PresetWord,
} from '../preset/preset.ts';

const library = 'connectrpc.com/connect';

const ownErrors: PresetDynamicType = {
  type: `*${library}.Error`,
  method: 'Error',
  fields: [
    { name: 'code', path: 'code' },
    { name: 'message', path: 'err' },
  ],
};

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
  dynamicTypes: [ownErrors],
};

/** It is given what it calls in the function, before anybody else sees it. */
const request: PresetWord = {
  from: { saved: 0 },
  implementing: `${library}.AnyRequest`,
  fields: [
    { field: 'method', path: 'spec.Procedure', maxBytes: 256 },
    { field: 'target', path: 'peer.Addr', maxBytes: 256 },
  ],
};
const requestLabels: readonly PresetWord[] = [
  {
    from: { saved: 0 },
    implementing: `${library}.AnyRequest`,
    fields: [
      { label: 'method', path: 'spec.Procedure', as: 'text', place: 0 },
      { label: 'target', path: 'peer.Addr', as: 'part', place: 1 },
    ],
  },
  {
    from: { result: 1, behind: 3 },
    as: 'interface',
    fields: errorLabels(''),
  },
];

/** What metrics tell apart of an error. */
function errorLabels(path: PresetPath): readonly PresetField[] {
  const inner: readonly PresetField[] = [
    { label: 'errorCode', path: 'code', as: 'code', place: 2 },
    errorText(5, 'err'),
  ];
  return [...errorTypeLabels(0, 5, path), { behind: ownErrors.type, path, fields: inner }];
}

/** Of a stream; the connection keeps the same text. */
const procedure: PresetWord = {
  from: { saved: 0 },
  as: 'string',
  fields: [{ text: 'method', maxBytes: 256 }],
};
const procedureLabel: PresetWord = { ...procedure, fields: [{ label: 'method', path: '', as: 'text', place: 0 }] };

/** (client).NewConn(ctx, Spec, header) (streamingClientConn), of a stream: that of a unary call is within it (`group`). */
function newConn(client: string): PresetSite {
  const words: readonly PresetWord[] = [
    { from: { argument: 3, struct: `${library}.Spec`, path: 'Procedure' }, as: 'string', save: 0 },
  ];
  return {
    functions: [`${library}.(*${client}).NewConn`],
    where: 'entry',
    action: 'enter',
    context: { argument: 1 },
    capture: { words },
    labels: { words },
    object: 1,
    results: { words: [procedure] },
    resultLabels: { words: [procedureLabel] },
    known: { system: 'connectrpc' },
    optional: 'its streams can not be followed',
  };
}

/** With its name until 1.15. */
const streamError = ['duplexCall.responseErr', 'duplexCall.err'];
/** All but OK. */
const errorStatuses = Array.from({ length: 16 }, (_, index) => String(index + 1));

/** The same as below as labels. */
function connectionLabels(type: string, label: PresetLabel): PresetField {
  const fields: PresetField[] = [{ label: 'target', path: 'peer.Addr', as: 'part', place: 1 }, label];
  return {
    behind: `*${library}.${type}`,
    path: 'streamingClientConn',
    fields: [...fields, ...errorLabels(streamError)],
  };
}
const streamLabels: PresetWord = {
  from: { argument: 0 },
  types: [`${library}.errorTranslatingClientConn`],
  fields: [
    connectionLabels('connectStreamingClientConn', {
      label: 'streamCode',
      path: 'unmarshaler.endStreamErr.code',
      as: 'code',
      place: 10,
    }),
    connectionLabels('grpcClientConn', {
      label: 'streamStatus',
      path: 'responseTrailer',
      as: { choices: errorStatuses, header: 'Grpc-Status' },
      place: 8,
    }),
  ],
};

/** What the connection of a stream knows of its end. */
function connection(type: string, fields: PresetDynamicType['fields']): PresetDynamicType {
  const failed = { name: 'error', path: streamError };
  const server = { name: 'target', path: 'peer.Addr' };
  return { type: `*${library}.${type}`, method: 'Receive', fields: [server, failed, ...fields] };
}

/**
 * connect-go's clients. A call with one message and one answer is what NewClient's second closure does with them, whatever the
 * protocol: (ctx, *Request) (*Response, error), of each pair of types another instance. A stream lasts until the program closes its
 * answer, on whatever goroutine: what it has got by then is in the connection.
 */
export const connectClient: Preset = {
  name: 'connect-go client',
  library: 'connect',
  kind: 'rpc.client',
  scopeName: `sidespan/${library}`,
  group: 'connect.client',
  server: false,
  held: false,
  failure: { set: 0 },
  sites: [
    {
      functions: [`${library}.NewClient[*].func2`],
      where: 'entry',
      action: 'enter',
      context: { argument: 0 },
      capture: { words: [{ from: { argument: 2 }, save: 0 }] },
      labels: { words: [{ from: { argument: 2 }, save: 0 }] },
      results: { words: [request, ...errorBehind(1, 3).words] },
      resultLabels: { words: requestLabels },
      abandoned: { words: [request] },
      known: { system: 'connectrpc' },
      neededFor: [`${library}.(*connectClient).NewConn`],
      optional: 'the program has no client of unary procedures',
    },
    newConn('connectClient'),
    { ...newConn('grpcClient'), again: true },
    {
      functions: [`${library}.(*errorTranslatingClientConn).CloseResponse`],
      where: 'entry',
      action: 'release',
      object: 0,
      labels: { words: [procedureLabel, streamLabels] },
      capture: {
        words: [
          procedure,
          {
            from: { argument: 0 },
            types: [`${library}.errorTranslatingClientConn`],
            fields: [{ field: 'connection', path: 'streamingClientConn' }],
          },
        ],
      },
    },
  ],
  dynamicTypes: [
    ownErrors,
    connection('connectStreamingClientConn', [
      { name: 'code', path: 'unmarshaler.endStreamErr.code' },
      { name: 'message', path: 'unmarshaler.endStreamErr.err' },
    ]),
    connection('grpcClientConn', [{ name: 'status', path: 'responseTrailer', header: 'Grpc-Status' }]),
  ],
};
