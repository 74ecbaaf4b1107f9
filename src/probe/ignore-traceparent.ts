import type { AnyPreset, PresetCapture, PresetField } from './preset.ts';

/** The preset without its traceparent fields, and without `context` fields that have nothing else: each call begins a trace. */
export function ignoreTraceparent(preset: AnyPreset): AnyPreset {
  if ('notes' in preset) return preset;
  return {
    ...preset,
    sites: preset.sites.map((site) => (site.capture ? { ...site, capture: without(site.capture) } : site)),
    abandoned: preset.abandoned && without(preset.abandoned),
  };
}

function without({ words }: PresetCapture): PresetCapture {
  return { words: words.map((word) => (word.fields ? { ...word, fields: word.fields.flatMap(kept) } : word)) };
}

function kept(field: PresetField): PresetField[] {
  if ('traceparent' in field) return [];
  if (!('context' in field)) return [field];
  const fields = field.fields.filter((inner) => !('traceparent' in inner));
  return fields.length > 0 ? [{ ...field, fields }] : [];
}
