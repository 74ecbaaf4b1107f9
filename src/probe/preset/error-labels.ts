import type { PresetField, PresetLabel, PresetPath } from './preset.ts';

/**
 * Of an error's words, or the error at the path: its dynamic type, and the text where that is a constant, which tells apart
 * the many errors that errors.New made. See errorOf in src/telemetry/call-error.ts.
 */
export function errorTypeLabels(place: number, textPlace: number, path: PresetPath = ''): readonly PresetField[] {
  return [{ label: 'error', path, as: 'dynamicType', place }, errorText(textPlace, path)];
}

export function errorText(place: number, path: PresetPath): PresetField {
  return { behind: '*errors.errorString', path, fields: [{ label: 'errorText', path: 's', as: 'constant', place }] };
}

/** One label behind an interface's words. */
export function behind(type: string, field: PresetLabel): PresetField {
  return { behind: type, fields: [field] };
}
