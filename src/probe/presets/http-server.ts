import type { Preset, PresetField, PresetLabel, PresetSite, PresetWord } from '../preset/preset.ts';

/**
 * net/http's server, HTTP/1.1 and HTTP/2. Every request passes serverHandler.ServeHTTP(rw ResponseWriter, req *Request);
 * it ends where the response is complete: two hits a request, both at stack checks. The request is read as it comes:
 * handlers may change it.
 */
const requestFields: readonly PresetField[] = [
  { field: 'method', path: 'Method', maxBytes: 32 },
  { field: 'target', path: 'RequestURI', maxBytes: 512 },
  // Servers other than net/http's may pass requests on without it.
  { field: 'path', path: 'URL.Path', maxBytes: 256, unless: 'RequestURI' },
  { field: 'query', path: 'URL.RawQuery', maxBytes: 256, unless: 'RequestURI' },
  { field: 'host', path: 'Host', maxBytes: 128 },
  { field: 'peer', path: 'RemoteAddr', maxBytes: 64 },
  { field: 'protoMajor', path: 'ProtoMajor' },
  { field: 'protoMinor', path: 'ProtoMinor' },
  { field: 'contentLength', path: 'ContentLength' },
  { present: 'tls', path: 'TLS' },
  { traceparent: 'Traceparent', path: 'Header' },
  { field: 'userAgent', path: 'Header', header: 'User-Agent', maxBytes: 256 },
  { field: 'tracestate', path: 'Header', header: 'Tracestate', maxBytes: 512 },
  { field: 'forwardedFor', path: 'Header', header: 'X-Forwarded-For', maxBytes: 128 },
  { field: 'forwardedProto', path: 'Header', header: 'X-Forwarded-Proto', maxBytes: 32 },
  { captured: 'serverRequest', path: 'Header' },
];

/** What the metric of a request that is not sampled tells apart. */
const requestLabels: readonly PresetField[] = [
  { label: 'method', path: 'Method', as: 'method', place: 0 },
  { label: 'protoMajor', path: 'ProtoMajor', as: 'byte', place: 1 },
  { label: 'protoMinor', path: 'ProtoMinor', as: 'byte', place: 2 },
  { label: 'tls', path: 'TLS', as: 'present', place: 3 },
  {
    label: 'forwardedProto',
    path: 'Header',
    as: { choices: ['https', 'http'], header: 'X-Forwarded-Proto' },
    place: 4,
  },
];
const statusPlace = 6;
/** 5 is that of what routers say. */
const sentPlace = 8;

/** The router sets it. Go 1.22 had the pattern but did not export it. */
const routedRequest = {
  from: { saved: 0 },
  types: ['net/http.Request'],
  fields: [{ field: 'pattern', path: ['Pattern', 'pat.str'], maxBytes: 128, optional: true }],
} as const;
const routedLabel = {
  from: { saved: 0 },
  types: ['net/http.Request'],
  fields: [
    { label: 'pattern', path: ['Pattern', 'pat.str'], as: 'text', place: 0, optional: true },
    { label: 'contentLength', path: 'ContentLength', as: 'size', place: 0 },
  ],
} as const;

const http2Fields: readonly PresetField[] = [
  { field: 'status', path: 'rws.status' },
  { field: 'written', path: 'rws.wroteBytes' },
];

/** Of a call that ended otherwise, if its response had left net/http's buffers. */
const http2StatusLabels: readonly PresetLabel[] = [
  { label: 'status', path: 'rws.status', as: 'code', place: statusPlace },
  { label: 'sent', path: 'rws.sentHeader', as: 'byte', place: sentPlace },
];

/** What is read where a response of HTTP/2 is complete: of the first argument, which is one of these types. */
function http2Finish(types: readonly string[]): Pick<PresetSite, 'capture' | 'labels'> {
  const response: PresetWord = {
    from: { argument: 0 },
    types,
    fields: [...http2Fields, { captured: 'serverResponse', path: 'rws.handlerHeader', sentAt: 'rws.snapHeader' }],
  };
  const labels: readonly PresetField[] = [
    { label: 'status', path: 'rws.status', as: 'code', place: statusPlace },
    { label: 'written', path: 'rws.wroteBytes', as: 'size', place: 1 },
  ];
  return {
    capture: { words: [routedRequest, response] },
    labels: { words: [routedLabel, { ...response, fields: labels }] },
  };
}

/**
 * golang.org/x/net/http2's own server: (*serverConn).runHandler(rw *responseWriter, req *Request, handler), each on a goroutine of its
 * own. Through net/http's server, which http2.ConfigureServer told of it, serverHandler.ServeHTTP is within (`group`).
 */
const xHttp2 = 'golang.org/x/net/http2';
const xHttp2Sites: readonly PresetSite[] = [
  {
    functions: [`${xHttp2}.(*serverConn).runHandler`],
    where: 'entry',
    action: 'enter',
    optional: `the program has no server of ${xHttp2}`,
    context: { argument: 2, types: ['net/http.Request'], path: 'ctx' },
    capture: {
      words: [
        { from: { argument: 2 }, types: ['net/http.Request'], save: 0, fields: requestFields },
        { from: { argument: 1 }, save: 1 },
      ],
    },
    labels: {
      words: [
        { from: { argument: 2 }, types: ['net/http.Request'], save: 0, fields: requestLabels },
        { from: { argument: 1 }, save: 1 },
      ],
    },
    // It recovers a panic of the handler by itself: then only that the goroutine ends is seen.
    known: { goroutineEnd: 'panic' },
    abandoned: {
      words: [
        routedRequest,
        {
          from: { saved: 1 },
          types: [`${xHttp2}.responseWriter`],
          fields: [...http2Fields, { field: 'sent', path: 'rws.sentHeader' }],
        },
      ],
    },
    abandonedLabels: {
      words: [routedLabel, { from: { saved: 1 }, types: [`${xHttp2}.responseWriter`], fields: http2StatusLabels }],
    },
  },
  {
    functions: [`${xHttp2}.(*responseWriter).handlerDone`],
    where: 'entry',
    action: 'finish',
    ...http2Finish([`${xHttp2}.responseWriter`]),
  },
  { functions: ['runtime.goexit1'], where: 'entry', action: 'goroutineEnd' },
];

const http2Writers = ['net/http.http2responseWriter', 'net/http/internal/http2.responseWriter'];

/** Of ServeHTTP(rw ResponseWriter, req *Request), whose receiver is one word. */
const served: Pick<PresetSite, 'context' | 'capture' | 'labels'> = {
  context: { argument: 3, types: ['net/http.Request'], path: 'ctx' },
  capture: {
    words: [
      { from: { argument: 3 }, types: ['net/http.Request'], save: 0, fields: requestFields },
      { from: { argument: 1 }, as: 'interface', save: 1 },
    ],
  },
  labels: {
    words: [
      { from: { argument: 3 }, types: ['net/http.Request'], save: 0, fields: requestLabels },
      { from: { argument: 1 }, save: 1 },
      { from: { argument: 2 }, save: 2 },
    ],
  },
};

export const httpServer: Preset = {
  name: 'net/http server',
  library: 'net/http',
  kind: 'http.server',
  scopeName: 'sidespan/net/http',
  group: 'http.server',
  server: true,
  held: true,
  failure: { code: { place: statusPlace, from: 500 } },
  sites: [
    { functions: ['net/http.serverHandler.ServeHTTP'], where: 'entry', action: 'enter', ...served },
    // golang.org/x/net/http2 built with Go 1.27 or later has net/http serve its connections, by handlers that are not its server's.
    {
      functions: ['net/http.http2Handler.ServeHTTP'],
      where: 'call',
      action: 'enter',
      again: true,
      ...served,
      neededFor: [`${xHttp2}.(*Server).ServeConn`, `${xHttp2}.(*serverConfig).ServeConnFunc`],
      optional: `${xHttp2} can not be followed into net/http`,
    },
    {
      functions: ['net/http.(*response).finishRequest'],
      where: 'entry',
      action: 'finish',
      capture: {
        words: [
          routedRequest,
          {
            from: { argument: 0 },
            types: ['net/http.response'],
            fields: [
              { field: 'status', path: 'status' },
              { field: 'written', path: 'written' },
              { captured: 'serverResponse', path: 'handlerHeader', sentAt: 'cw.header' },
            ],
          },
        ],
      },
      labels: {
        words: [
          routedLabel,
          {
            from: { argument: 0 },
            types: ['net/http.response'],
            fields: [
              { label: 'status', path: 'status', as: 'code', place: statusPlace },
              { label: 'written', path: 'written', as: 'size', place: 1 },
            ],
          },
        ],
      },
    },
    {
      functions: [
        'net/http.(*http2responseWriter).handlerDone',
        'net/http/internal/http2.(*responseWriter).handlerDone',
      ],
      where: 'entry',
      action: 'finish',
      optional: 'the program has no HTTP/2 server',
      ...http2Finish(http2Writers),
    },
    // Hijacked connections end here without finishRequest.
    { functions: ['net/http.(*conn).serve'], where: 'exits', action: 'scopeEnd' },
    ...xHttp2Sites,
  ],
  abandoned: {
    words: [
      routedRequest,
      {
        from: { saved: 1 },
        as: 'interface',
        fields: [{ spread: { status: 'status', written: 'written', sent: 'sent' } }],
      },
    ],
  },
  abandonedLabels: {
    words: [
      routedLabel,
      {
        from: { saved: 1 },
        as: 'interface',
        fields: [
          {
            behind: '*net/http.response',
            fields: [
              { label: 'status', path: 'status', as: 'code', place: statusPlace },
              { label: 'sent', path: 'cw.wroteHeader', as: 'byte', place: sentPlace },
            ],
          },
          ...http2Writers.map((type) => ({ behind: `*${type}`, fields: http2StatusLabels })),
        ],
      },
    ],
  },
  dynamicTypes: [
    {
      type: '*net/http.response',
      fields: [
        { name: 'status', path: 'status' },
        { name: 'written', path: 'written' },
        { name: 'sent', path: 'cw.wroteHeader' },
      ],
    },
    ...http2Writers.map((type) => ({
      type: `*${type}`,
      fields: [
        { name: 'status', path: 'rws.status' },
        { name: 'written', path: 'rws.wroteBytes' },
        { name: 'sent', path: 'rws.sentHeader' },
      ],
    })),
  ],
};
