import { databaseConnectors, wrappedDrivers } from './database-connectors.ts';
import { databaseErrorLabels } from './database-errors.ts';
import type { PresetCapture, PresetField, PresetLabel, PresetPath, PresetWord } from './preset.ts';

/**
 * What metrics tell apart of operations that are not sampled: the same as of those that are. What it is read of is kept
 * until the end: an error comes with the results.
 */

/** What each field of a capture is as a label; all else is the span's alone. Errors have the places 0, 1, 5 and 10. */
const labels: Readonly<Record<string, Pick<PresetLabel, 'as' | 'place'>>> = {
  databaseIndex: { as: 'code', place: 6 },
  port: { as: 'code', place: 8 },
  host: { as: 'part', place: 12 },
  namespace: { as: 'part', place: 13 },
  address: { as: 'part', place: 15 },
};
const driverPlace = 2;
const queryPlace = 4;
const operationPlace = 14;

/**
 * The captures of an operation's site that labels need.
 * @param words of its arguments
 */
export function callLabels(words: readonly PresetWord[], results: PresetCapture) {
  return {
    labels: keptForLabels(words),
    resultLabels: labelsAtEnd(words, results),
    abandonedLabels: labelsOf(words),
  };
}

/** Of the arguments' words: those that lead to labels. */
function keptForLabels(words: readonly PresetWord[]): PresetCapture | undefined {
  const kept = savedWords(words).map(({ word: { from, as }, save }) => ({ from, as, save }));
  return kept.length === 0 ? undefined : { words: kept };
}

/** Of a call that ended without results. */
function labelsOf(words: readonly PresetWord[]): PresetCapture | undefined {
  const kept = savedWords(words).map(({ word: { as, types }, save, fields }): PresetWord => {
    return { from: { saved: save }, as, types, fields };
  });
  return kept.length === 0 ? undefined : { words: kept };
}

/** At the operation's end. */
function labelsAtEnd(words: readonly PresetWord[], results: PresetCapture): PresetCapture | undefined {
  // The error first: of texts that are too long together the last ones are left out.
  const errors = results.words
    .filter(({ as }) => as === 'interface')
    .map((word) => ({ ...word, fields: databaseErrorLabels }));
  const all = [...errors, ...(labelsOf(words)?.words ?? [])];
  return all.length === 0 ? undefined : { words: all };
}

function savedWords(words: readonly PresetWord[]) {
  let save = 0;
  return words.flatMap((word) => {
    const fields = (word.fields ?? []).flatMap(labelsOfField);
    if (fields.length === 0) return [];
    const kept = { word, fields, save };
    save += word.as === undefined ? 1 : 2;
    return [kept];
  });
}

function labelsOfField(field: PresetField): PresetField[] {
  if ('text' in field) return field.text === 'query' ? queryLabels('') : [];
  if (!('field' in field)) return [];
  const { field: name, path, maxBytes } = field;
  switch (name) {
    case 'query':
      return queryLabels(path);
    case 'operation':
      return [
        {
          behind: 'string',
          path,
          fields: [{ label: name, path: 'value', as: 'part', maxBytes, place: operationPlace }],
        },
      ];
    case 'driver':
      return [
        { unwrap: wrappedDrivers, path },
        { label: name, path, as: 'dynamicType', place: driverPlace },
        ...databaseConnectors.map(({ type, fields }): PresetField => {
          const inner = fields.map((one): PresetLabel => ({ label: one.name, path: one.path, ...labelAs(one.name) }));
          return { behind: type, path, fields: inner };
        }),
      ];
  }
  return name in labels ? [{ label: name, path, optional: true, ...labelAs(name) }] : [];
}

/** The text where it is a constant of the program, else what stands before its first literal. */
function queryLabels(path: PresetPath): PresetLabel[] {
  return [
    { label: 'query', path, as: 'constant', place: queryPlace },
    { label: 'query', path, as: 'shape', place: queryPlace },
  ];
}

function labelAs(name: string): Pick<PresetLabel, 'as' | 'place'> {
  const known = labels[name];
  if (known === undefined) throw new RangeError(`no label for ${name}`);
  return known;
}
