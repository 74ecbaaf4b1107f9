/**
 * TypeScript's mirror of bpf/event.h and bpf/maps.h against what the compiler made of them: every field's offset, every
 * size, every enumerator, for both architectures.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as maps from '../../src/bpf/map-layout.ts';
import { chunkStatus } from '../../src/event/chunk-reader.ts';
import * as records from '../../src/event/layout.ts';
import {
  captureOp,
  chunkHeaderBytes,
  headerRole,
  labelKind,
  memoryBase,
  planLimits,
  pointerFlag,
} from '../../src/probe/capture/capture-op.ts';
import { contextBase } from '../../src/probe/capture/context-place.ts';
import {
  goroutineActivity,
  mapKind,
  outgoingHeaders,
  phaseChange,
  probeFlag,
  requestPhase,
  siteAction,
  siteFlag,
} from '../../src/probe/wire.ts';
import { type Btf, readBtf } from '../support/btf.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'sidespan-wire-'));
after(() => rmSync(folder, { recursive: true }));

type Layout = { readonly sizeBytes: number } & Readonly<Record<string, number>>;

/** By the C name; `unread`: fields that only the programs use. */
const structs: Readonly<Record<string, { readonly layout: Layout; readonly unread?: readonly string[] }>> = {
  record_header: { layout: records.recordHeaderLayout },
  arguments_record: { layout: records.argumentsRecordLayout },
  call_record: { layout: records.callRecordLayout },
  times_record: { layout: records.timesRecordLayout },
  panic_record: { layout: records.panicRecordLayout },
  process_record: { layout: records.processRecordLayout },
  site: { layout: maps.siteLayout },
  probe: { layout: maps.probeLayout },
  process: { layout: maps.processLayout },
  capture_step: { layout: maps.captureStepLayout },
  plan_string: { layout: maps.planStringLayout },
  dynamic_type_key: { layout: maps.dynamicTypeKeyLayout },
  dynamic_type: { layout: maps.dynamicTypeLayout },
  settings: { layout: maps.settingsLayout },
  context_place: { layout: maps.contextPlaceLayout },
  outgoing_site: { layout: maps.outgoingSiteLayout },
  outgoing_counters: { layout: maps.outgoingCountersLayout },
  format_places: { layout: maps.formatPlacesLayout },
  headers_text: { layout: maps.headersTextLayout },
  outgoing_settings: { layout: maps.outgoingSettingsLayout },
  failure: { layout: maps.failureLayout },
  probe_counters: { layout: maps.probeCountersLayout },
  sampling: { layout: maps.samplingLayout },
  pressure: { layout: maps.pressureLayout },
  series_key: { layout: maps.seriesKeyLayout },
  text_shape: { layout: maps.textShapeLayout },
  series: { layout: maps.seriesLayout },
  wide_series: { layout: maps.wideSeriesLayout },
  body_sizes: { layout: maps.bodySizesLayout },
  goroutine_key: { layout: maps.goroutineKeyLayout },
  goroutine: { layout: maps.goroutineLayout, unread: ['panics'] },
  goroutine_slot: { layout: maps.goroutineSlotLayout },
  frame: { layout: maps.frameLayout, unread: ['trace_id', 'parent_span_id', 'saved', 'trace_state'] },
  overflow_key: { layout: maps.overflowKeyLayout },
  kept_call_key: { layout: maps.keptCallKeyLayout },
  kept_call: { layout: maps.keptCallLayout },
};

/** By the C name; `unread`: enumerators that only the programs use; `own`: what the reader adds for itself. */
const enums: Readonly<
  Record<
    string,
    {
      readonly values: Readonly<Record<string, number>>;
      readonly prefix: string;
      readonly unread?: readonly string[];
      readonly own?: readonly string[];
    }
  >
> = {
  record_kind: { values: records.recordKind, prefix: 'RECORD_' },
  call_flag: { values: records.callFlag, prefix: 'CALL_' },
  process_change: { values: records.processChange, prefix: 'PROCESS_' },
  chunk_status: { values: chunkStatus, prefix: 'CHUNK_', own: ['CHUNK_ENDED', 'CHUNK_LOST'] },
  capture_op: { values: captureOp, prefix: 'OP_' },
  context_base: { values: contextBase, prefix: 'CONTEXT_', unread: ['CONTEXT_NONE'] },
  header_role: { values: headerRole, prefix: 'ROLE_' },
  label_kind: { values: labelKind, prefix: 'LABEL_' },
  keep_flag: { values: maps.keepFlag, prefix: 'KEEP_' },
  sampler_flag: { values: maps.samplerFlag, prefix: 'SAMPLER_' },
  text_status: { values: maps.textStatus, prefix: 'TEXT_' },
  memory_base: { values: memoryBase, prefix: 'BASE_' },
  pointer_flag: { values: pointerFlag, prefix: 'POINTER_' },
  site_action: { values: siteAction, prefix: 'SITE_' },
  site_flag: { values: siteFlag, prefix: 'SITE_' },
  probe_flag: { values: probeFlag, prefix: 'PROBE_' },
  outgoing_headers: { values: outgoingHeaders, prefix: 'OUTGOING_' },
  map_kind: { values: mapKind, prefix: 'MAP_' },
  goroutine_activity: { values: goroutineActivity, prefix: 'ACTIVITY_' },
  request_phase: { values: requestPhase, prefix: 'PHASE_' },
  phase_change: { values: phaseChange, prefix: 'PHASE_' },
  frame_flag: {
    values: maps.frameFlag,
    prefix: 'FRAME_',
    unread: [
      'FRAME_SERVER',
      'FRAME_HELD',
      'FRAME_REMOTE_PARENT',
      'FRAME_SAMPLED',
      'FRAME_ARGUMENTS_SENT',
      'FRAME_ARGUMENTS_LOST',
      'FRAME_ROOT',
      'FRAME_REMOTE_TRACE',
      'FRAME_NOT_CAPTURED',
      'FRAME_SHED',
      'FRAME_B3_PARENT',
      'FRAME_PARENT_BY_CONTEXT',
      'FRAME_PARENT_BY_START',
    ],
  },
};

/** `callEnds` is a list of texts for people. */
const callEndNames = ['END_RETURNED', 'END_PANIC', 'END_GOEXIT', 'END_GOROUTINE', 'END_UNPAIRED'];

function compile(architecture: string): Btf {
  const object = join(folder, `${architecture}.o`);
  const target = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  execFileSync('clang', [
    ...['-O2', '-g', '-target', 'bpf', '-mcpu=v3', '-std=gnu11', `-D__TARGET_ARCH_${architecture}`],
    ...['-I', join(root, 'bpf'), '-idirafter', `/usr/include/${target}-linux-gnu`],
    ...['-c', join(import.meta.dirname, 'wire-format.bpf.c'), '-o', object],
  ]);
  return readBtf(readFileSync(object));
}

const upperSnake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

for (const [architecture, name] of [
  ['x86', 'amd64'],
  ['arm64', 'arm64'],
] as const) {
  const btf = compile(architecture);

  for (const [struct, { layout, unread = [] }] of Object.entries(structs)) {
    test(`${name}: struct ${struct}`, () => {
      const found = btf.structs.get(struct);
      assert.ok(found, `no struct ${struct} in the object`);
      const { sizeBytes, ...fields } = layout;
      assert.equal(found.sizeBytes, sizeBytes, 'size');
      const declared = [...found.members].filter(([member]) => member !== 'pad' && !unread.includes(member));
      assert.deepEqual(fields, Object.fromEntries(declared.map(([member, { offset }]) => [member, offset])));
      // No field that would be counted twice, no gap that the compiler filled in silence.
      let end = 0;
      for (const [member, { offset, sizeBytes: memberBytes }] of found.members) {
        assert.equal(offset, end, `${struct}.${member} follows the field before it without padding`);
        end = offset + (memberBytes ?? Number.NaN);
      }
      assert.equal(end, sizeBytes, `${struct} has no padding at its end`);
    });
  }

  test(`${name}: struct chunk_header`, () => {
    const header = btf.structs.get('chunk_header');
    assert.equal(header?.sizeBytes, chunkHeaderBytes);
    assert.deepEqual(
      [...(header?.members ?? [])].map(([member, { offset }]) => [member, offset]),
      [
        ['status', 0],
        ['op', 1],
        ['captured', 2],
        ['total', 4],
      ],
    );
  });

  for (const [type, { values, prefix, unread = [], own = [] }] of Object.entries(enums)) {
    test(`${name}: enum ${type}`, () => {
      const mirror = Object.entries(values)
        .map(([key, value]) => [prefix + upperSnake(key), value] as const)
        .filter(([key]) => !own.includes(key));
      const declared = [...(btf.enums.get(type) ?? [])].filter(([key]) => !unread.includes(key));
      assert.deepEqual(Object.fromEntries(mirror), Object.fromEntries(declared));
      const numbers = new Set(Object.values(values));
      assert.equal(numbers.size, Object.keys(values).length, 'each its own number');
    });
  }

  test(`${name}: enum call_end`, () => {
    assert.equal(records.callEnds.length, callEndNames.length);
    const declared = Object.fromEntries(btf.enums.get('call_end') ?? []);
    assert.deepEqual(declared, Object.fromEntries(callEndNames.map((key, value) => [key, value])));
  });

  test(`${name}: limits`, () => {
    const declared = Object.fromEntries(btf.enums.get('limit') ?? []);
    // How large an image may be is no constant in C.
    const { imageBytes: _, ...mirrored } = planLimits;
    assert.deepEqual({ ...mirrored, inlineFrames: maps.inlineFrames, entryLabels: maps.entryLabels }, declared);
    assert.equal(
      maps.goroutineLayout.noted,
      maps.goroutineLayout.frame + maps.inlineFrames * maps.frameLayout.sizeBytes,
    );
  });

  test(`${name}: the object that is shipped has the same structs`, () => {
    const shipped = readBtf(readFileSync(join(root, 'dist', 'bpf', `sidespan.${name}.bpf.o`)));
    const common = Object.keys(structs).filter((struct) => shipped.structs.has(struct));
    assert.ok(common.length >= 14, `only ${common.join(', ')}`);
    for (const struct of common) assert.deepEqual(shipped.structs.get(struct), btf.structs.get(struct), struct);
  });
}
