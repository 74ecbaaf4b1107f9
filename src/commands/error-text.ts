import { UsageError } from './exit-code.ts';
import type { Style } from './style.ts';

/** An error as the user sees it: what, where and what to do; its stack only on demand. */
export function errorText(error: unknown, style: Style, { stack }: { readonly stack: boolean }): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  const lines = message.split('\n').map((line) => `${style.red('sidespan:')} ${line}`);
  if (error instanceof UsageError) {
    lines.push(`See \`sidespan ${error.command ? `${error.command} --help` : 'help'}\`.`);
  } else if (isBug(error)) {
    lines.push('This is a mistake in Sidespan. With SIDESPAN_LOG_LEVEL=debug it shows where; please report it.');
  }
  if (stack)
    lines.push(...causes(error).map((cause) => style.dim(String(cause instanceof Error ? cause.stack : cause))));
  return `${lines.join('\n')}\n`;
}

/** JavaScript's own errors: no station throws them on purpose. */
function isBug(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let cause = error; cause !== undefined && chain.length < 10; cause = (cause as Error | null)?.cause)
    chain.push(cause);
  return chain;
}
