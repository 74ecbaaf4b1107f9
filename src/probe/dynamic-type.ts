import type { GoType } from '../binary/go-type.ts';
import { type CaptureOp, op, planLimits } from './capture-op.ts';
import { opsOf, type StringTable } from './capture-plan.ts';
import type { Shape } from './shape.ts';
import { type Budget, type CaptureLimits, shapeOfType } from './shape-of-type.ts';

/** How to capture and read a value behind an interface. */
export interface DynamicPlan {
  readonly typeName: string;
  /** Of the image: the value, or the interface's data word. */
  readonly sizeBytes: number;
  /** The data word is the value itself. */
  readonly direct: boolean;
  readonly ops: readonly CaptureOp[];
  readonly shape: Shape;
}

/** A value behind an interface is one of several: less is spent on it than on the function's own arguments. */
const dynamicSteps = 96;
const dynamicBytes = 1536;
const dynamicNodes = 64;
const maxDynamicDepth = 2;
const maxDynamicElements = 4;

/**
 * The plan for values of that dynamic type.
 * @param direct whether the interface's data word is the value (abi.Type's DirectIface); left out: told from the type.
 */
export function dynamicPlan(
  type: GoType,
  limits: CaptureLimits,
  strings: StringTable,
  direct = isPointerShaped(type),
): DynamicPlan {
  const sizeBytes = direct ? 8 : Math.min(type.sizeBytes, planLimits.imageBytes);
  const reduced = { ...limits, elements: Math.min(limits.elements, maxDynamicElements) };
  let shape = shapeFor(type, sizeBytes, reduced, 0).shape;
  for (let depth = 1; depth <= Math.min(limits.depth, maxDynamicDepth); depth++) {
    const deeper = shapeFor(type, sizeBytes, reduced, depth);
    if (deeper.exceeded) break;
    shape = deeper.shape;
  }
  return { typeName: type.name, sizeBytes, direct, ops: [...opsOf(shape, strings), op.end()], shape };
}

function shapeFor(
  type: GoType,
  imageEnd: number,
  limits: CaptureLimits,
  hops: number,
): { shape: Shape; exceeded: boolean } {
  const budget: Budget = { steps: dynamicSteps, bytes: dynamicBytes, nodes: dynamicNodes, exceeded: false };
  const shape = shapeOfType(type, 0, {
    limits,
    budget,
    hops,
    nesting: maxDynamicDepth,
    times: 1,
    imageEnd,
    dynamic: true,
  });
  return { shape, exceeded: budget.exceeded };
}

/**
 * Whether an interface holds such a value in its data word: pointers, maps, channels, functions, and structs and arrays of
 * just one of these (https://github.com/golang/go/blob/go1.26.0/src/cmd/compile/internal/types/type.go, IsDirectIface).
 */
export function isPointerShaped(type: GoType): boolean {
  switch (type.kind) {
    case 'pointer':
    case 'map':
    case 'chan':
    case 'func':
    case 'unsafe.Pointer':
      return true;
    case 'struct': {
      const [only] = type.fields ?? [];
      return type.fields?.length === 1 && only !== undefined && isPointerShaped(only.type);
    }
    case 'array':
      return type.length === 1 && type.elem !== undefined && isPointerShaped(type.elem);
    default:
      return false;
  }
}
