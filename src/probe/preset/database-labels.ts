import { failureOf } from './database-errors.ts';
import type { PresetCapture, PresetField, PresetWord } from './preset.ts';

/**
 * What metrics tell apart of operations that are not sampled: the driver's type, the query where it is a constant of the
 * program, and whether it failed. Receiver and query are kept until the end: an error comes with the results.
 */
const savedReceiver = 0;
const savedQuery = 1;

/** Bytes of the key; that of the failure is the first. */
const driverPlace = 2;
const ownDriverPlace = 3;
const queryPlace = 4;

/** Of the arguments' words: those that lead to labels. */
export function keptForLabels(words: readonly PresetWord[]): PresetCapture | undefined {
  const kept = words.filter((word) => labelsOfWord(word).length > 0);
  if (kept.length === 0) return undefined;
  return { words: kept.map(({ from, as }) => ({ from, as, save: as === 'string' ? savedQuery : savedReceiver })) };
}

/** At the operation's end. @param words as for `keptForLabels` */
export function labelsOf(words: readonly PresetWord[], results: PresetCapture): PresetCapture | undefined {
  const kept = words.flatMap((word): PresetWord[] => {
    const fields = labelsOfWord(word);
    const from = { saved: word.as === 'string' ? savedQuery : savedReceiver };
    return fields.length === 0 ? [] : [{ from, as: word.as, types: word.types, fields }];
  });
  const failure = failureOf(results)?.words ?? [];
  return kept.length + failure.length === 0 ? undefined : { words: [...kept, ...failure] };
}

function labelsOfWord({ fields = [] }: PresetWord): PresetField[] {
  return fields.flatMap((field): PresetField[] => {
    if ('text' in field) return [{ label: field.text, path: '', as: 'constant', place: queryPlace }];
    if (!('field' in field)) return [];
    const { field: name, path } = field;
    if (name === 'query') return [{ label: name, path, as: 'constant', place: queryPlace }];
    if (name !== 'driver') return [];
    return [
      { label: name, path, as: 'dynamicType', place: driverPlace },
      {
        behind: 'database/sql.dsnConnector',
        path,
        fields: [{ label: 'ownDriver', path: 'driver', as: 'dynamicType', place: ownDriverPlace }],
      },
    ];
  });
}
