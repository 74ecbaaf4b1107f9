import { redacted } from '../redaction/redaction.ts';
import type { DecodeContext } from './decode-value.ts';
import type { Value, ValueContent } from './value.ts';
import { fieldNamed, fieldsOf } from './value-parts.ts';

/**
 * A context.Context as its deadline and its values by their keys, innermost first. Each kind of context holds its parent,
 * whose own content is there already (src/context/context.go).
 */
export function contextContent(
  typeName: string,
): ((value: Value, context: DecodeContext) => ValueContent | undefined) | undefined {
  switch (typeName) {
    case 'context.backgroundCtx':
    case 'context.todoCtx':
    case '*context.emptyCtx':
      return () => [];
    case '*context.valueCtx':
      return (value, { redaction }) => {
        const content = fieldNamed(value, 'val');
        const key = fieldNamed(value, 'key');
        if (content === undefined || key === undefined) return undefined;
        const name = keyName(key);
        const isHidden = redaction?.hidesName(nameInKey(key), true) === true;
        const { type, goType } = content;
        const shown = isHidden ? { name, type, goType, unavailable: redacted } : { ...content, name };
        return [shown, ...parentOf(value, 'Context')];
      };
    case '*context.timerCtx':
      return (value) => {
        const deadline = fieldNamed(value, 'deadline');
        return [...(deadline === undefined ? [] : [deadline]), ...withinCancelContext(value)];
      };
    case '*context.cancelCtx':
    case '*context.stopCtx':
      return (value) => parentOf(value, 'Context');
    case '*context.afterFuncCtx':
      return withinCancelContext;
    case 'context.withoutCancelCtx':
    case '*context.withoutCancelCtx':
      return (value) => parentOf(value, 'c');
    default:
      return undefined;
  }
}

function withinCancelContext(value: Value): Value[] {
  const inner = fieldNamed(value, 'cancelCtx');
  // Up to Go 1.20 a *cancelCtx, whose content is that of its parent.
  return inner === undefined ? [] : parentOf(inner, 'Context');
}

function parentOf(value: Value, name: string): Value[] {
  const parent = fieldNamed(value, name);
  if (parent === undefined) return [];
  if (
    parent.unavailable !== undefined ||
    (parent.goType.startsWith('context.') === false && !parent.goType.startsWith('*context.'))
  ) {
    return parent.value === null ? [] : [{ ...parent, name: 'parent' }];
  }
  return [...fieldsOf(parent)];
}

/** `main.userKey`, or with its content where that tells keys of a type apart: `main.key("user")`. */
function keyName(key: Value): string {
  const content = keyContent(key);
  return content === undefined ? key.goType : `${key.goType}(${JSON.stringify(content)})`;
}

function nameInKey(key: Value): string {
  const content = keyContent(key);
  return typeof content === 'string' ? content : key.goType.slice(key.goType.lastIndexOf('.') + 1);
}

function keyContent(key: Value): string | number | undefined {
  const { value } = key;
  if (typeof value === 'string' || typeof value === 'number') return value;
  const [only, ...others] = fieldsOf(key);
  return others.length === 0 && typeof only?.value === 'string' ? only.value : undefined;
}
