// Plans probes: a program of its own (planner.ts starts it and says what passes between them). What planning reads and
// builds, tens of megabytes of tables, debug information and decoder, ends with it and is never the agent's.
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openGoBinary } from '../binary/open-go-binary.ts';
import { functionPattern } from '../probe/pattern.ts';
import { planProbes } from '../probe/plan-probes.ts';
import { failureOf, type PlanAnswer, type PlanRequest } from './planner-protocol.ts';

// Where memory is short this process goes first, not the agent.
try {
  writeFileSync('/proc/self/oom_score_adj', '1000');
} catch {
  // only a preference
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
}

function answer({ path, hostPath, options }: PlanRequest): PlanAnswer {
  try {
    using binary = openGoBinary(path);
    using host = hostPath === undefined ? undefined : openGoBinary(hostPath);
    const patterns = options.patterns.map(functionPattern);
    // What the executable has as well, the dynamic loader takes from there.
    const isElsewhere = host && ((name: string) => host.functionsNamed(name).length > 0);
    return { plan: planProbes(binary, { ...options, patterns }, isElsewhere) };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}
