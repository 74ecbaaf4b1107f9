// SPDX-License-Identifier: (MIT OR GPL-2.0)
/*
 * Compiled by wire-format.test.ts, never loaded: a global variable of each type of the wire format, so that the compiler
 * describes it in BTF. The programs themselves use some of the types in ways that leave no trace there.
 */
#include "maps.h"

struct wire_format {
	struct record_header record_header;
	struct arguments_record arguments_record;
	struct call_record call_record;
	struct process_record process_record;
	struct times_record times_record;
	struct panic_record panic_record;
	struct chunk_header chunk_header;
	struct capture_step capture_step;
	struct plan_string plan_string;
	struct dynamic_type_key dynamic_type_key;
	struct dynamic_type dynamic_type;
	struct site site;
	struct probe probe;
	struct context_place context_place;
	struct process process;
	struct outgoing_site outgoing_site;
	struct outgoing_counters outgoing_counters;
	struct format_places format_places;
	struct headers_text headers_text;
	struct outgoing_settings outgoing_settings;
	struct settings settings;
	struct probe_counters probe_counters;
	struct sampling sampling;
	struct pressure pressure;
	struct series_key series_key;
	struct text_shape text_shape;
	struct series series;
	struct wide_series wide_series;
	struct goroutine_key goroutine_key;
	struct goroutine goroutine;
	struct frame frame;
	struct overflow_key overflow_key;
	struct kept_call_key kept_call_key;
	struct kept_call kept_call;
	enum record_kind record_kind;
	enum call_end call_end;
	enum call_flag call_flag;
	enum process_change process_change;
	enum chunk_status chunk_status;
	enum capture_op capture_op;
	enum label_kind label_kind;
	enum sampler_flag sampler_flag;
	enum keep_flag keep_flag;
	enum text_status text_status;
	enum context_base context_base;
	enum header_role header_role;
	enum memory_base memory_base;
	enum pointer_flag pointer_flag;
	enum site_action site_action;
	enum site_flag site_flag;
	enum probe_flag probe_flag;
	enum map_kind map_kind;
	enum goroutine_activity goroutine_activity;
	enum request_phase request_phase;
	enum phase_change phase_change;
	enum outgoing_headers outgoing_headers;
	enum frame_flag frame_flag;
	/* Names as in src/probe/capture/capture-op.ts and src/bpf/map-layout.ts. */
	enum limit {
		captureBytes = CAPTURE_BYTES,
		unsentBytes = UNSENT_BYTES,
		planSteps = PLAN_STEPS,
		planDepth = PLAN_DEPTH,
		planOps = PLAN_OPS,
		stringBytes = PLAN_STRING_BYTES,
		strings = PLAN_STRINGS,
		savedWords = SAVED_WORDS,
		inlineFrames = INLINE_FRAMES,
		labels = LABELS,
		entryLabels = ENTRY_LABELS,
		labelTextBytes = LABEL_TEXT_BYTES,
		labelChoices = LABEL_CHOICES,
		shapeBytes = SHAPE_BYTES,
	} limit;
} wire_format;
