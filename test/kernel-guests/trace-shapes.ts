/**
 * Run in a guest: reads the agent's console spans on standard input and prints how many traces there are of each shape,
 * as JSON: `{"shop server > shop client > cart server": 3}`. Spans without a parent among them begin a shape.
 */
import { createInterface } from 'node:readline';

interface Span {
  readonly text: string;
  readonly trace: string;
  readonly parent: string;
}

const spans = new Map<string, Span>();
for await (const line of createInterface({ input: process.stdin })) {
  const [, service, kind, trace = '', id = '', parent = ''] =
    /^\S+Z (\S+) .* kind=(\w+) trace=(\w+) span=(\w+)(?: parent=(\w+))? /.exec(line) ?? [];
  // What asks for the counts is not part of the test.
  if (!line.includes('/counts')) spans.set(id, { text: `${service} ${kind}`, trace, parent });
}
const children = new Map<string, string[]>();
for (const [id, { parent, trace }] of spans) {
  const above = spans.get(parent)?.trace === trace ? parent : '';
  const siblings = children.get(above);
  if (siblings === undefined) children.set(above, [id]);
  else siblings.push(id);
}
const shapeOf = (id: string): string => {
  const below = (children.get(id) ?? []).map(shapeOf).sort();
  const rest = below.length > 1 ? `(${below.join(', ')})` : below[0];
  return rest === undefined ? (spans.get(id)?.text ?? '') : `${spans.get(id)?.text} > ${rest}`;
};
const shapes: Record<string, number> = {};
for (const id of children.get('') ?? []) {
  const { parent, trace } = spans.get(id) ?? { parent: '', trace: '' };
  const begins = parent === '' ? '' : trace === '0af7651916cd43dd8448eb211c80319c' ? 'own > ' : 'lost > ';
  const shape = begins + shapeOf(id);
  shapes[shape] = (shapes[shape] ?? 0) + 1;
}
console.log(JSON.stringify(shapes));
