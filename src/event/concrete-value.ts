import { BinaryError } from '../binary/binary-error.ts';
import type { GoType } from '../binary/go-type.ts';
import { kindLabel } from '../probe/capture/kind-label.ts';
import type { CapturedValue, NamedShape, Shape } from '../probe/capture/shape.ts';
import { isHidden } from '../probe/capture/type-facts.ts';
import type { Redaction } from '../redaction/redaction.ts';

/** A captured value of generic code, by the types of one of its instances. */
export interface ConcreteValue {
  readonly shape: Shape;
  /** Its real type, or one within it, is called like a secret: it is captured, and not to be shown. */
  readonly hidden?: boolean | undefined;
}

/** The value by what the dictionary at a running address says; undefined: nothing. */
export type ConcreteValues = (captured: CapturedValue, dictionary: number) => ConcreteValue | undefined;

/** Instances of a function: a value has one for each. More addresses are none of dictionaries. */
const maxInstances = 1_000;

/**
 * Generic code is compiled once for all types of a shape, and its types are called by it: `go.shape.string`. Which type is
 * meant in a call, the dictionary tells. How values are read stays as it is: types of one shape have the same layout.
 * @param typeOf the type that the dictionary at a running address has for a value; undefined: unknown
 */
export function createConcreteValues(
  typeOf: (dictionary: number, value: CapturedValue) => GoType | undefined,
  redaction?: Redaction,
): ConcreteValues {
  const instances = new WeakMap<CapturedValue, Map<number, ConcreteValue | undefined>>();
  const read = (captured: CapturedValue, dictionary: number): ConcreteValue | undefined => {
    try {
      const type = typeOf(dictionary, captured);
      return type && concreteValue(captured.shape, type, redaction);
    } catch (error) {
      if (error instanceof BinaryError) return undefined;
      throw error;
    }
  };
  return (captured, dictionary) => {
    if (captured.dictionaryWord === undefined && captured.genericType === undefined) return undefined;
    const known = instances.get(captured) ?? new Map<number, ConcreteValue | undefined>();
    instances.set(captured, known);
    if (!known.has(dictionary)) {
      if (known.size >= maxInstances) known.clear();
      known.set(dictionary, read(captured, dictionary));
    }
    return known.get(dictionary);
  };
}

/** The shape with the names of the type that it is of, where it names shapes; as it is where the two don't fit. */
export function concreteValue(shape: Shape, type: GoType, redaction?: Redaction): ConcreteValue {
  let hidden = false;
  const named = (part: Shape, of: GoType | undefined): Shape => {
    if (of === undefined || !part.goType.includes('go.shape.') || kindLabel(of) !== part.type) return part;
    if (isHidden('', of, { redaction })) hidden = true;
    return { ...parts(part, of), goType: of.name };
  };
  const parts = (part: Shape, of: GoType): Shape => {
    switch (part.kind) {
      case 'struct': {
        const types = new Map(of.fields?.map((field) => [field.name, field.type]));
        const field = ({ name, shape: inner }: NamedShape) => ({ name, shape: named(inner, types.get(name)) });
        return { ...part, fields: part.fields.map(field) };
      }
      case 'array':
      case 'slice':
        return { ...part, item: named(part.item, of.elem) };
      case 'pointer':
        return { ...part, target: named(part.target, of.elem) };
      case 'entries':
        return { ...part, keyShape: named(part.keyShape, of.key), valueShape: named(part.valueShape, of.elem) };
      default:
        return part;
    }
  };
  return { shape: named(shape, type), hidden };
}
