import type { GoType } from '../../binary/go-type.ts';
import { type CaptureOp, op, planLimits } from './capture-op.ts';
import { opsOf, type StringTable } from './capture-plan.ts';
import type { Shape } from './shape.ts';
import type { Budget, CaptureLimits } from './shape-context.ts';
import { shapeOfType } from './shape-of-type.ts';
import { planShapes } from './shape-planner.ts';
import type { TypeFacts } from './type-facts.ts';

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
/** An error of grpc-go has its text three pointers deep. */
const dynamicDepth = 3;
const maxDynamicElements = 4;

/**
 * The plan for values of that dynamic type.
 * @param direct whether the interface's data word is the value (abi.Type's DirectIface); left out: told from the type.
 */
export function dynamicPlan(
  type: GoType,
  limits: CaptureLimits,
  strings: StringTable,
  facts: TypeFacts = {},
  direct = isPointerShaped(type),
): DynamicPlan {
  const sizeBytes = direct ? 8 : Math.min(type.sizeBytes, planLimits.imageBytes);
  const reduced = {
    ...limits,
    elements: Math.min(limits.elements, maxDynamicElements),
    depth: dynamicDepth,
  };
  const budget: Budget = { steps: dynamicSteps, bytes: dynamicBytes, nodes: dynamicNodes, exceeded: false };
  const holder = planShapes(reduced, budget, (later) => {
    const root: { shape?: Shape } = {};
    const place = (shape: Shape) => {
      root.shape = shape;
    };
    const context = {
      limits: reduced,
      facts,
      budget,
      later,
      level: 0,
      nesting: 0,
      times: 1,
      imageEnd: sizeBytes,
      dynamic: true,
    };
    place(shapeOfType(type, 0, context, place));
    return root;
  });
  const shape: Shape = holder.shape ?? { kind: 'missing', type: '', goType: type.name, at: 0, reason: 'not planned' };
  return { typeName: type.name, sizeBytes, direct, ops: [...opsOf(shape, strings), op.end()], shape };
}

/**
 * Whether an interface holds such a value in its data word: pointers, maps, channels, functions, and structs and arrays of
 * just one of these (https://github.com/golang/go/blob/go1.26.0/src/cmd/compile/internal/types/type.go, IsDirectIface).
 */
function isPointerShaped(type: GoType): boolean {
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
