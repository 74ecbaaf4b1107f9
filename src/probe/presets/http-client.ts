import { errorTypeLabels } from '../preset/error-labels.ts';
import type { Preset, PresetField, PresetSite, PresetWord } from '../preset/preset.ts';

/**
 * net/http's client, HTTP/1.1 and HTTP/2: (*Transport).roundTrip(req *Request) (*Response, error), whatever is on top of
 * it. Each hop of a redirect passes it by itself; what it tries again by itself on another connection it does within.
 */
const requestFields: readonly PresetField[] = [
  { field: 'method', path: 'Method', maxBytes: 32 },
  { field: 'scheme', path: 'URL.Scheme', maxBytes: 16 },
  { field: 'opaque', path: 'URL.Opaque', maxBytes: 128 },
  { present: 'user', path: 'URL.User' },
  { field: 'host', path: 'URL.Host', maxBytes: 128 },
  { field: 'path', path: 'URL.Path', maxBytes: 256 },
  { field: 'rawPath', path: 'URL.RawPath', maxBytes: 256 },
  { field: 'query', path: 'URL.RawQuery', maxBytes: 256 },
  { field: 'contentLength', path: 'ContentLength' },
  { present: 'body', path: 'Body' },
  // The answers that led to this request, each with its own request: how often it was sent before.
  { present: 'redirect1', path: 'Response' },
  { present: 'redirect2', path: 'Response.Request.Response' },
  { present: 'redirect3', path: 'Response.Request.Response.Request.Response' },
  { captured: 'clientRequest', path: 'Header' },
];

/** What the metric of a request that is not sampled tells apart. */
const requestLabels: readonly PresetField[] = [
  { label: 'method', path: 'Method', as: 'method', place: 0 },
  { label: 'scheme', path: 'URL.Scheme', as: { choices: ['https', 'http'] }, place: 4 },
  { label: 'host', path: 'URL.Host', as: 'text', place: 0 },
  { label: 'contentLength', path: 'ContentLength', as: 'size', place: 0, atLeast: 1 },
];
const requestLabelWord: PresetWord = { from: { saved: 0 }, types: ['net/http.Request'], fields: requestLabels };
const responseLabels: readonly PresetField[] = [
  { label: 'status', path: 'StatusCode', as: 'code', place: 6 },
  { label: 'protoMajor', path: 'ProtoMajor', as: 'byte', place: 1 },
  { label: 'protoMinor', path: 'ProtoMinor', as: 'byte', place: 2 },
  { label: 'responseLength', path: 'ContentLength', as: 'size', place: 1 },
];

/** Of (t, req *Request, …) (*Response, error); `behind`: words of the arguments. */
function roundTrip(functions: readonly string[], behind: number, optional?: string): PresetSite {
  return {
    functions,
    where: 'entry',
    action: 'enter',
    optional,
    context: { argument: 1, types: ['net/http.Request'], path: 'ctx' },
    capture: { words: [{ from: { argument: 1 }, types: ['net/http.Request'], fields: requestFields }] },
    results: {
      words: [
        {
          from: { result: 0, behind },
          types: ['net/http.Response'],
          fields: [
            { field: 'status', path: 'StatusCode' },
            { field: 'protoMajor', path: 'ProtoMajor' },
            { field: 'protoMinor', path: 'ProtoMinor' },
            { field: 'responseLength', path: 'ContentLength' },
            { captured: 'clientResponse', path: 'Header' },
          ],
        },
        { from: { result: 1, behind }, as: 'interface', fields: [{ dynamic: 'error', type: 'error' }] },
      ],
    },
    labels: { words: [{ from: { argument: 1 }, save: 0 }] },
    resultLabels: {
      words: [
        requestLabelWord,
        { from: { result: 0, behind }, types: ['net/http.Response'], fields: responseLabels },
        { from: { result: 1, behind }, as: 'interface', fields: errorTypeLabels(3, 5) },
      ],
    },
  };
}

const xHttp2 = 'golang.org/x/net/http2.(*Transport)';

export const httpClient: Preset = {
  name: 'net/http client',
  library: 'net/http',
  kind: 'http.client',
  scopeName: 'sidespan/net/http',
  group: 'http.client',
  server: false,
  held: false,
  failure: { code: { place: 6, from: 400 }, set: 3 },
  sites: [
    roundTrip(['net/http.(*Transport).roundTrip'], 2),
    // Used directly; as net/http's HTTP/2 it is within the other.
    roundTrip([`${xHttp2}.roundTripOpt`, `${xHttp2}.RoundTripOpt`], 3, 'the program does not use it'),
  ],
  abandonedLabels: { words: [requestLabelWord] },
};
