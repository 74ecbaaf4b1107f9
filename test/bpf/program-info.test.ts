import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { openKernelSide } from '../../src/bpf/kernel-side.ts';
import { recursionMisses } from '../../src/bpf/program-info.ts';

test("the kernel's count of skipped runs is what bpftool reads, or none", () => {
  using kernel = openKernelSide({ ringBytes: 1 << 16, maxGoroutines: 16, captureBytes: 64 });
  const programs = JSON.parse(
    execFileSync('bpftool', ['--json', 'prog', 'show', 'name', 'site_hit'], { encoding: 'utf8' }),
  );
  const shown = [programs].flat().at(-1) as { recursion_misses?: number };
  assert.equal(kernel.recursionMisses(), shown.recursion_misses ?? 0);
});

test('what is no program is an error', () => {
  assert.throws(() => recursionMisses(-1), /statistics of a BPF program/);
});
