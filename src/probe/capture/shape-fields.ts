import type { CaptureShape, NamedShape } from './shape.ts';

/** Whether a capture has any: words that are only kept, and a traceparent, give no field. */
export function hasFields({ values }: CaptureShape): boolean {
  const leadsToField = ({ name, shape }: NamedShape): boolean => {
    if (name !== '') return true;
    if (shape.kind === 'pointer' || shape.kind === 'context') return leadsToField({ name, shape: shape.target });
    return (shape.kind === 'struct' || shape.kind === 'words') && shape.fields.some(leadsToField);
  };
  return values.some(leadsToField);
}
