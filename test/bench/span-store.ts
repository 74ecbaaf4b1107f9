import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { createSpanStore } from '../../src/web/span-store.ts';
import { shopTraces } from '../support/shop-spans.ts';

// What the viewer's store costs the agent: CPU time a span, and memory after a million spans at a steady rate, beside
// the same loop without it.
//   node --expose-gc --max-semi-space-size=4 test/bench/span-store.ts [spans [a second]]

const total = Number(process.argv[2] ?? 1_000_000);
const perSecond = Number(process.argv[3] ?? 20_000);
const templates = [...shopTraces(500)];
const TICK_MS = 20;

/** New objects for every span, as telemetry makes them; strings and resources are shared, as there. */
function copyOf(span: ReadableSpan, traceId: string): ReadableSpan {
  const context = { ...span.spanContext(), traceId };
  const parent = span.parentSpanContext && { ...span.parentSpanContext, traceId };
  return {
    ...span,
    spanContext: () => context,
    ...(parent && { parentSpanContext: parent }),
    startTime: [...span.startTime],
    endTime: [...span.endTime],
    duration: [...span.duration],
    attributes: { ...span.attributes },
  };
}

let trace = 0;
function batchOf(spans: number): ReadableSpan[] {
  const batch: ReadableSpan[] = [];
  while (batch.length < spans) {
    const traceId = (++trace).toString(16).padStart(32, '0');
    for (const span of templates[trace % templates.length] ?? []) batch.push(copyOf(span, traceId));
  }
  return batch;
}

type Add = (spans: readonly ReadableSpan[]) => void;

function cpuMicrosPerSpan(add: Add): number {
  const before = process.cpuUsage();
  let made = 0;
  while (made < 300_000) {
    const batch = batchOf(100);
    add(batch);
    made += batch.length;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / made;
}

async function rssAfter(add: Add): Promise<number> {
  const startMs = performance.now();
  for (let made = 0; made < total; ) {
    const batch = batchOf(((performance.now() - startMs) / 1000) * perSecond - made);
    add(batch);
    made += batch.length;
    await sleep(TICK_MS);
  }
  return process.memoryUsage.rss();
}

const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
const none: Add = () => {};
const rssWithout = await rssAfter(none);
const store = createSpanStore();
const rssWith = await rssAfter((spans) => store.add(spans));
const { bytesKept, tracesKept } = store.figures();
const listStartMs = performance.now();
const listed = store.traces({}, 100);
const listMs = performance.now() - listStartMs;
cpuMicrosPerSpan(none);
const cpuWithout = cpuMicrosPerSpan(none);
const cpuWith = cpuMicrosPerSpan((spans) => store.add(spans));
console.log(`memory after ${total} spans at ${perSecond}/s: ${mb(rssWith)} RSS, the loop alone ${mb(rssWithout)}`);
console.log(
  `kept: ${tracesKept} traces in ${mb(bytesKept)}; first list of ${listed.traces.length}: ${listMs.toFixed(1)} ms`,
);
console.log(`add: ${(cpuWith - cpuWithout).toFixed(2)} us of CPU a span, the loop alone ${cpuWithout.toFixed(2)} us`);
