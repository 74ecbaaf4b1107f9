import type { PlannedDynamicType } from '../probe/probe-plan.ts';
import { addressText } from './address-text.ts';
import { contextContent } from './context-content.ts';
import type { DynamicValueShape } from './decode-value.ts';
import { errorMessage } from './error-message.ts';

/** How the reader shows values of a dynamic type: errors by their message, network addresses as text, all else by fields. */
export function dynamicValueShape({ isError, sizeBytes, value }: PlannedDynamicType): DynamicValueShape {
  const { typeName, shape } = value;
  const present = isError ? errorMessage(typeName) : (addressText(typeName) ?? contextContent(typeName));
  return { typeName, sizeBytes, shape, present };
}
