import type { AnyPreset, PresetCapture } from './preset.ts';

/** The preset without the sizes of bodies, of calls that are not sampled: nobody counts them. */
export function withoutBodySizes(preset: AnyPreset): AnyPreset {
  if ('notes' in preset) return preset;
  const capture = ({ words }: PresetCapture): PresetCapture => ({
    words: words.map(({ fields, ...word }) =>
      fields ? { ...word, fields: fields.filter((field) => !('label' in field && field.as === 'size')) } : word,
    ),
  });
  return {
    ...preset,
    sites: preset.sites.map((site) => ({
      ...site,
      labels: site.labels && capture(site.labels),
      resultLabels: site.resultLabels && capture(site.resultLabels),
    })),
    abandonedLabels: preset.abandonedLabels && capture(preset.abandonedLabels),
  };
}
