import type { Attributes } from '@opentelemetry/api';
import { setHeaderStart } from '../probe/preset/http-options.ts';
import type { HasFields } from './preset-field.ts';
import { isSetField } from './preset-field.ts';

/** Where all names of captured headers, and no others, have a dot: behind `http`, or `set http`. */
const DOT = 0x2e;
const DOT_AT = 4;

/**
 * Adds the headers that were captured, each as a list of its values, one for each line of it. Of a
 * response they are those that were sent, if there is a copy of them, else those that the handler has set by its end.
 */
export function addHeaders(call: HasFields, attributes: Attributes): void {
  let isSent: boolean | undefined;
  for (const { name, value, lines = [] } of call.fields) {
    const isSet = name.charCodeAt(DOT_AT + setHeaderStart.length) === DOT && name.startsWith(setHeaderStart);
    if (!isSet && name.charCodeAt(DOT_AT) !== DOT) continue;
    isSent ??= isSetField(call, 'sentHeader') === true;
    const isWanted = isSet ? !isSent : true;
    if (isWanted && typeof value === 'string') {
      attributes[isSet ? name.slice(setHeaderStart.length) : name] = [value, ...lines];
    }
  }
}
