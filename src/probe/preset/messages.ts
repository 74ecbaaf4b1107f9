import type { NamedShape, Shape } from '../capture/shape.ts';
import type { AnyPreset, PresetCapture } from './preset.ts';

/** In the order of struct message_counts in bpf/maps.h. */
export const messageFields = ['sentMessages', 'sentBytes', 'receivedMessages', 'receivedBytes'] as const;
const wordBytes = 8;

/** What is counted of the gRPC stream whose address is at that place. Where there was no stream, no message passed. */
export function messagesShape(at: number): Shape {
  const fields = messageFields.map((name, n): NamedShape => {
    const shape = { type: 'UINT64', goType: 'uint64', sizeBytes: wordBytes, signed: false, whenNil: 0 } as const;
    return { name, shape: { kind: 'integer', at: n * wordBytes, ...shape } };
  });
  const offsets = fields.map(({ shape }) => shape.at);
  return {
    kind: 'pointer',
    type: 'PTR',
    goType: '',
    at,
    sizeBytes: messageFields.length * wordBytes,
    messages: true,
    unsent: true,
    target: { kind: 'words', type: 'STRUCT', goType: '', at: 0, offsets, fields },
  };
}

/** The preset without the counts of messages: nobody counts them. */
export function withoutMessages(preset: AnyPreset): AnyPreset {
  if ('notes' in preset) return preset;
  const without = (capture: PresetCapture | undefined): PresetCapture | undefined =>
    capture && {
      words: capture.words.map(({ fields, ...word }) =>
        fields ? { ...word, fields: fields.filter((field) => !('messages' in field)) } : word,
      ),
    };
  return {
    ...preset,
    sites: preset.sites.map((site) => ({ ...site, capture: without(site.capture), labels: without(site.labels) })),
    abandoned: without(preset.abandoned),
    abandonedLabels: without(preset.abandonedLabels),
  };
}
