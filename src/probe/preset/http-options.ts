import { prefaceMethod } from './http-methods.ts';
import type { AnyPreset, CapturedHeaders, PresetCapture, PresetField } from './preset.ts';
import { canonicalName } from './propagation.ts';

/** What is set of HTTP's presets. */
export interface HttpOptions {
  /** Names of the headers that become attributes, in lower case. */
  readonly headers: Readonly<Record<CapturedHeaders, readonly string[]>>;
  /** The commonest first: they are compared in turn. */
  readonly knownMethods: readonly string[];
}

/** A header of which more is cut. */
const headerBytes = 256;

/** How names of fields begin: they are the attributes' own. */
export const headerFieldStart = { request: 'http.request.header.', response: 'http.response.header.' } as const;
/** In front of that: what a handler has set, which is what was sent unless there is a copy of that (`sentHeader`). */
export const setHeaderStart = 'set ';

/** The preset with what is set in place of its `captured` fields and its `method` labels. */
export function withHttpOptions(preset: AnyPreset, options: HttpOptions): AnyPreset {
  if ('notes' in preset) return preset;
  const replace = (capture: PresetCapture | undefined): PresetCapture | undefined =>
    capture && {
      words: capture.words.map((word) =>
        word.fields ? { ...word, fields: word.fields.flatMap((field) => replaced(field, options)) } : word,
      ),
    };
  return {
    ...preset,
    sites: preset.sites.map((site) => ({
      ...site,
      capture: replace(site.capture),
      results: replace(site.results),
      labels: replace(site.labels),
      resultLabels: replace(site.resultLabels),
    })),
  };
}

function replaced(field: PresetField, { headers, knownMethods }: HttpOptions): PresetField[] {
  if ('label' in field && field.as === 'method')
    return [{ ...field, as: { choices: [...new Set([...knownMethods, prefaceMethod])] } }];
  if (!('captured' in field)) return [field];
  const { captured, path, sentAt } = field;
  const names = headers[captured];
  if (names.length === 0) return [];
  const start = captured.endsWith('Request') ? headerFieldStart.request : headerFieldStart.response;
  const fields = (at: typeof path, before: string) =>
    names.map((name) => ({
      field: before + start + name,
      path: at,
      header: canonicalName(name),
      maxBytes: headerBytes,
      optional: true,
    }));
  if (sentAt === undefined) return fields(path, '');
  return [{ present: 'sentHeader', path: sentAt }, ...fields(sentAt, ''), ...fields(path, setHeaderStart)];
}
