/** The matrix in a form for docs/matrix.md: a row for each way of building, a column for each release. */
import type { CellResult } from './cell.ts';

/** A Markdown table. What was told of arguments and results stands in the cells, and what went wrong. */
export function gridText(results: readonly CellResult[]): string {
  const releases = [...new Set(results.map(({ go }) => go))];
  const builds = [...new Set(results.map(({ build }) => build))];
  const rows = builds.map((build) => {
    const cells = releases.map((go) => results.find((result) => result.go === go && result.build === build));
    return [`\`${build}\``, ...cells.map((cell) => (cell === undefined ? '' : wordOf(cell)))];
  });
  return [['', ...releases], ['---', ...releases.map(() => '---')], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function wordOf({ state, values, grpc }: CellResult): string {
  if (state === 'failed' || state === 'refused' || state === 'skipped') return state;
  return grpc === 'exact' ? `${values}, gRPC` : values;
}
