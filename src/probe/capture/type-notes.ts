import type { ProbePlan } from '../probe-plan.ts';
import type { TypeSource } from '../signature/type-source.ts';

/** How values are shown whose types nothing tells. */
const shownAs: Partial<Record<TypeSource, string>> = {
  arginfo: 'as words of the sizes that the compiler recorded',
  registers: 'as the registers that may hold them',
};

/** In whole sentences: of which functions the arguments are shown without their types, and what helps. */
export function typeNotes({ probes }: ProbePlan): string[] {
  const untyped = probes.filter(({ signatureUnavailable }) => signatureUnavailable !== undefined);
  const reason = untyped[0]?.signatureUnavailable;
  if (reason === undefined) return [];
  const parts = Object.entries(shownAs).flatMap(([source, text]) => {
    const count = untyped.filter(({ description }) => description.typeSource === source).length;
    return count === 0 ? [] : [`arguments of ${count === 1 ? '1 function' : `${count} functions`} ${text}`];
  });
  const example = untyped.find(({ typeSources }) => (typeSources?.parameters.length ?? 0) > 0);
  if (example === undefined) return [];
  const remedy = `Write a function's signature in its pattern: '${example.description.functionName}(n int, s string) error'`;
  return [`${capitalized(parts.join(', '))}: ${reason}. ${remedy}`];
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
