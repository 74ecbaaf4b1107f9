import type { GoType } from '../../binary/go-type.ts';
import type { Redaction } from '../../redaction/redaction.ts';
import type { MapLayout } from './capture-op.ts';

/** What a map's buckets or groups hold: of large keys and values pointers. */
export interface MapParts {
  readonly layout: MapLayout;
  readonly key: GoType;
  readonly value: GoType;
}

/** What shapes depend on besides the type. */
export interface TypeFacts {
  /** How a map type lies in memory; undefined: only its length can be read. */
  readonly mapParts?: ((type: GoType) => MapParts | undefined) | undefined;
  /** Undefined: nothing is hidden. */
  readonly redaction?: Redaction | undefined;
}

/** Whether a parameter or field of that name and type is not to be read: what isn't captured can't leak. */
export function isHidden(name: string, type: GoType, { redaction }: TypeFacts): boolean {
  if (redaction === undefined) return false;
  if (redaction.hidesName(name, holdsText(type))) return true;
  // `type Password string` says it by the type.
  const isText = type.kind === 'string' || type.kind === 'slice';
  return isText && redaction.hidesName(type.name.slice(type.name.lastIndexOf('.') + 1), holdsText(type));
}

const maxDepth = 8;

/** Whether a secret's text may lie in it: no numbers, no plumbing, no error about it. */
function holdsText(type: GoType, depth = 0): boolean {
  switch (type.kind) {
    case 'string':
    case 'map':
      return true;
    case 'struct':
      return type.name !== 'time.Time';
    case 'interface':
      return type.name !== 'error' && type.name !== 'context.Context';
    case 'slice':
    case 'array':
    case 'pointer':
      return (
        depth < maxDepth && type.elem !== undefined && (type.elem.kind === 'uint8' || holdsText(type.elem, depth + 1))
      );
    default:
      return false;
  }
}
