import type { GoType } from '../../binary/go-type.ts';

const maxLabelDepth = 4;

/** Value.type: the kind in upper case; `[]STRING`, `[4]INT`. */
export function kindLabel(type: GoType, depth = 0): string {
  // `type T []T` has no end.
  const elem = () => (type.elem && depth < maxLabelDepth ? kindLabel(type.elem, depth + 1) : '…');
  switch (type.kind) {
    case 'slice':
      return `[]${elem()}`;
    case 'array':
      return `[${type.length ?? '?'}]${elem()}`;
    case 'pointer':
    case 'unsafe.Pointer':
      return 'PTR';
    case 'struct':
      // Words that belong together, in what is known of them without debug information.
      return type.name.startsWith('{') ? 'WORDS' : 'STRUCT';
    case 'uintptr':
      return 'UINT';
    default:
      return type.kind.replace(/\d+$/, '').toUpperCase();
  }
}
