import type { Cursor } from '../cursor.ts';
import { type Form, fixedSize, formOf, implicitConstForm, skipValue } from './forms.ts';

/** No tag has more attributes in the standard. */
const maxAttributes = 128;
/** Abbreviations and their attributes, over all tables. Go writes one table with 350 for all its units. */
const maxInAll = 500_000;

export interface AttributeSpec {
  readonly attribute: number;
  readonly form: Form;
  /** Of DW_FORM_implicit_const. */
  readonly implicitValue: number;
}

/** The shape that entries of one abbreviation code share. */
export interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: readonly AttributeSpec[];
  /**
   * How to pass over the attributes: byte counts, and forms that must be looked at. Each step advances, so passing
   * over entries takes time linear in their bytes whatever the table says.
   */
  readonly skipSteps: readonly SkipStep[];
  /** Of the attributes that were asked for. */
  readonly places: Map<number, AttributePlace | undefined>;
}

type SkipStep = number | Form;

/** An attribute, and how to pass over those in front of it. */
export interface AttributePlace {
  readonly spec: AttributeSpec;
  readonly skipSteps: readonly SkipStep[];
}

/** Abbreviations by code. */
export interface AbbreviationTable {
  get(code: number): Abbreviation | undefined;
}

/**
 * Reads abbreviation tables (DWARF 5 §7.5.3), each one once and only as far as needed: of a unit of C code, which has a
 * table of its own, nothing but the first abbreviation.
 */
export class AbbreviationTables {
  readonly #section: () => Cursor;
  readonly #tables = new Map<string, AbbreviationTable>();
  #count = 0;

  constructor(section: () => Cursor) {
    this.#section = section;
  }

  /** `offsetBytes`: 4, in units of 64-bit DWARF 8. */
  at(offset: number, offsetBytes: number): AbbreviationTable {
    const key = `${offset}/${offsetBytes}`;
    let table = this.#tables.get(key);
    if (table === undefined) {
      table = this.#open(this.#section().seek(offset), offsetBytes);
      this.#tables.set(key, table);
    }
    return table;
  }

  #open(cursor: Cursor, offsetBytes: number): AbbreviationTable {
    const known = new Map<number, Abbreviation>();
    let goesOn = true;
    return {
      get: (wanted) => {
        while (goesOn && !known.has(wanted)) {
          // In the middle of an abbreviation that can't be read there is nothing to go on from.
          goesOn = false;
          const code = cursor.uleb();
          if (code === 0) break;
          known.set(code, this.#read(cursor, offsetBytes));
          goesOn = true;
        }
        return known.get(wanted);
      },
    };
  }

  #read(cursor: Cursor, offsetBytes: number): Abbreviation {
    this.#countOne(cursor);
    const tag = cursor.uleb();
    const hasChildren = cursor.u8() !== 0;
    const attributes: AttributeSpec[] = [];
    for (;;) {
      const attribute = cursor.uleb();
      const code = cursor.uleb();
      if (attribute === 0 && code === 0) break;
      const implicitValue = code === implicitConstForm ? cursor.sleb() : 0;
      if (attributes.length === maxAttributes) cursor.fail(`an entry has more than ${maxAttributes} attributes`);
      this.#countOne(cursor);
      attributes.push({ attribute, form: formOf(code), implicitValue });
    }
    return { tag, hasChildren, attributes, skipSteps: skipSteps(attributes, offsetBytes), places: new Map() };
  }

  /** Units that each begin a table within another one's must not cost the product of both. */
  #countOne(cursor: Cursor): void {
    if (++this.#count > maxInAll) cursor.fail(`there are more than ${maxInAll} abbreviations and attributes`);
  }
}

function skipSteps(specs: readonly AttributeSpec[], offsetBytes: number): SkipStep[] {
  const steps: SkipStep[] = [];
  for (const { form } of specs) {
    const sizeBytes = fixedSize(form, offsetBytes);
    const last = steps.at(-1);
    if (sizeBytes === undefined) steps.push(form);
    else if (typeof last === 'number') steps[steps.length - 1] = last + sizeBytes;
    else if (sizeBytes > 0) steps.push(sizeBytes);
  }
  return steps;
}

/** Where an attribute is among those of an entry of that shape; undefined: there is none. */
export function attributePlace(
  { attributes, places }: Abbreviation,
  attribute: number,
  offsetBytes: number,
): AttributePlace | undefined {
  if (!places.has(attribute)) {
    const index = attributes.findIndex((spec) => spec.attribute === attribute);
    const spec = attributes[index];
    places.set(attribute, spec && { spec, skipSteps: skipSteps(attributes.slice(0, index), offsetBytes) });
  }
  return places.get(attribute);
}

/** Moves from behind an entry's abbreviation code to behind its last attribute, or to that attribute. */
export function skipAttributes(cursor: Cursor, { skipSteps: steps }: Abbreviation | AttributePlace): void {
  for (const step of steps) {
    if (typeof step === 'number') cursor.skip(step);
    else skipValue(cursor, step);
  }
}
