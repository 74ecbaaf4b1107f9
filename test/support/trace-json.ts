/** `sidespan trace --json … -- program`: its lines as objects. */
import assert from 'node:assert/strict';
import type { Value } from '../../src/event/value.ts';
import { sidespan } from './cli.ts';

/** A line of `sidespan trace --json`. */
export interface TracedCall {
  readonly funcName: string;
  readonly args: readonly Value[];
  readonly results: readonly Value[];
  /** Which source the types of the arguments come from. */
  readonly source: string;
  readonly goid: number;
  readonly latency: number;
  readonly timestamp: string;
  readonly ended?: string;
  readonly panic?: { readonly goType: string; readonly value?: unknown; readonly stack: string };
}

/** Starts the program under `sidespan trace --json` and waits for its end. */
export function traceJson(
  patterns: readonly string[],
  program: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { readonly calls: readonly TracedCall[]; readonly stderr: string } {
  const { code, stdout, stderr } = sidespan(['trace', '--json', ...patterns, '--', ...program], { env });
  assert.equal(code, 0, stderr);
  return { calls: tracedCalls(stdout), stderr };
}

/** The lines of its standard output. */
export function tracedCalls(stdout: string): TracedCall[] {
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as TracedCall);
}
