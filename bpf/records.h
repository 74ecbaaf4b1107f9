/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* What is sent to the reader of a call. */
#ifndef SIDESPAN_RECORDS_H
#define SIDESPAN_RECORDS_H

#include "capture-limit.h"
#include "goroutine.h"
#include "series.h"

/*
 * Wakes the reader each time another `wakeup_bytes` (a power of two) are unread. Not with every record from there on: a
 * wake-up costs more than the whole rest of a hit. How many are unread is asked now and then, as that costs too.
 */
static __always_inline __u64 wakeup_flags(struct scratch *scratch, __u32 size)
{
	__u64 unread;
	__u32 times, before = scratch->unread_times;

	scratch->unasked += size;
	if (scratch->unasked < UNASKED_BYTES && scratch->unasked < settings.wakeup_bytes / 16)
		return BPF_RB_NO_WAKEUP;
	scratch->unasked = 0;
	unread = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) + size;
	times = (__u32)(unread / settings.wakeup_bytes);
	scratch->unread_times = times;
	return times > before ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

static __always_inline void count_end(struct probe_counters *counters_, __u32 end)
{
	if (end >= 5)
		return;
	MASK(end, 8); /* for verifiers that forget the bound */
	ADD_ONE(&counters_->ended[end]);
}

/* Sends the record of the call in scratch->frame with what was captured. */
static __always_inline void send_call(struct hit *hit, __u32 bounds)
{
	struct scratch *scratch = hit->plan.scratch;
	struct frame *frame = &scratch->frame;
	struct call_record *call = &scratch->call;
	__u32 size = scratch->out, end = scratch->state.ended;

	call->header.kind = RECORD_CALL;
	call->header.process_slot = hit->key.process_slot;
	call->header.probe = frame->probe;
	call->goid = scratch->state.goid;
	call->start_ns = frame->start_ns;
	__builtin_memcpy(call->trace_id, frame->trace_id, 16);
	__builtin_memcpy(call->span_id, frame->span_id, 8);
	__builtin_memcpy(call->parent_span_id, frame->parent_span_id, 8);
	call->end = end;
	call->arguments_bytes = scratch->state.kept_bytes;
	call->flags = settings.keep ? scratch->state.keeping : 0;
	if (frame->flags & FRAME_ARGUMENTS_SENT)
		call->flags |= CALL_ARGUMENTS_SENT;
	if (frame->flags & FRAME_ARGUMENTS_LOST)
		call->flags |= CALL_ARGUMENTS_LOST;
	if (frame->flags & FRAME_REMOTE_PARENT)
		call->flags |= CALL_REMOTE_PARENT;
	if (frame->flags & FRAME_REMOTE_TRACE)
		call->flags |= CALL_REMOTE_TRACE;
	if (frame->flags & FRAME_SAMPLED)
		call->flags |= CALL_SAMPLED;
	if (frame->flags & FRAME_B3_PARENT)
		call->flags |= CALL_B3_PARENT;
	if (frame->flags & FRAME_PARENT_BY_CONTEXT)
		call->flags |= CALL_PARENT_BY_CONTEXT;
	if (frame->flags & FRAME_PARENT_BY_START)
		call->flags |= CALL_PARENT_BY_START;
	if (!is_captured(frame))
		call->flags |= CALL_NOT_CAPTURED;
	if (scratch->limited)
		call->flags |= CALL_CAPTURE_LIMITED;
	call->threshold = frame->threshold;
	call->frame_index = scratch->state.index;
	if (size > CAPTURE_BYTES)
		size = CAPTURE_BYTES;
	call->header.capture_bytes = size;

	struct probe_counters *counters_ = counters_of(frame->probe);
	if (!counters_)
		return;
	count_end(counters_, end);
	if (bpf_ringbuf_output(&ring, call, sizeof(*call) + size, wakeup_flags(scratch, sizeof(*call) + size))) {
		__u32 zero = 0;
		struct pressure *current = bpf_map_lookup_elem(&pressure, &zero);

		ADD_ONE(&counters_->ring_full);
		if (current)
			__sync_fetch_and_add(&current->lost, 1);
		if (end != END_UNPAIRED)
			count_lost(scratch, bounds);
	}
}

/* Ends the call in scratch->frame without a record. */
static __always_inline void end_unsampled(struct hit *hit, __u32 bounds)
{
	struct scratch *scratch = hit->plan.scratch;
	struct probe_counters *counters_ = counters_of(scratch->frame.probe);
	__u32 end = scratch->state.ended;

	if (!counters_)
		return;
	count_end(counters_, end);
	/* Nobody knows how long it was. */
	if (end == END_UNPAIRED) {
		ADD_ONE(&counters_->unpaired_unsampled);
		return;
	}
	ADD_ONE(&counters_->sampled_out);
	if (scratch->frame.flags & FRAME_SHED)
		ADD_ONE(&counters_->shed);
	count_duration(scratch, bounds);
}

/* Captured arguments of the call in scratch->frame, sent at once: the frame has no room for them. */
static __always_inline void send_arguments(struct hit *hit, __u32 kind)
{
	struct scratch *scratch = hit->plan.scratch;
	/* Directly before the captured bytes, in the tail of the call record, which is filled later. */
	struct arguments_record *record =
		(void *)((__u8 *)&scratch->call + sizeof(struct call_record) - sizeof(struct arguments_record));
	__u32 size = scratch->out;

	if (size > CAPTURE_BYTES)
		size = CAPTURE_BYTES;
	record->header.kind = kind;
	record->header.process_slot = hit->key.process_slot;
	record->header.probe = scratch->frame.probe;
	record->header.capture_bytes = size;
	record->goid = scratch->state.goid;
	__builtin_memcpy(record->span_id, scratch->frame.span_id, 8);
	if (bpf_ringbuf_output(&ring, record, sizeof(*record) + size, wakeup_flags(scratch, sizeof(*record) + size))) {
		COUNT(scratch->frame.probe, arguments_ring_full);
		scratch->frame.flags |= FRAME_ARGUMENTS_LOST;
	} else {
		scratch->frame.flags |= FRAME_ARGUMENTS_SENT;
	}
}

/* Copies `size` bytes, rounded up to 32, from one map's value to another's: a helper's call takes longer. */
static __always_inline void copy_kept(__u8 *to, const __u8 *from, __u32 size)
{
#pragma clang loop unroll(disable)
	for (__u32 at = 0; at < KEPT_BYTES; at += 32) {
		if (at >= size)
			break;
		*word_at(&to[at]) = *word_at(&from[at]);
		*word_at(&to[at + 8]) = *word_at(&from[at + 8]);
		*word_at(&to[at + 16]) = *word_at(&from[at + 16]);
		*word_at(&to[at + 24]) = *word_at(&from[at + 24]);
	}
}

/*
 * Keeps the arguments of the call in scratch->frame in the goroutine's slot, behind those of the calls that enclose it.
 * Returns 0 if they find no room.
 */
static __always_inline int keep_arguments(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	struct goroutine *goroutine = hit->goroutine;
	__u32 at = 8 * scratch->frame.kept_at, size = scratch->out;

	if (!goroutine || scratch->state.crowded || goroutine->frames >= INLINE_FRAMES)
		return 0;
	if (at >= KEPT_BYTES || size >= KEPT_BYTES || size == 0)
		return 0;
	MASK(at, KEPT_BYTES);
	copy_kept(&hit->slot->kept[at], scratch->data, size);
	scratch->frame.kept_words = size / 8;
	return 1;
}

/* Puts the kept arguments of the call in scratch->frame to the beginning of the output. */
static __always_inline void restore_arguments(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	__u32 at = 8 * scratch->frame.kept_at, size = 8 * scratch->frame.kept_words;

	if (size == 0 || at >= KEPT_BYTES || size >= KEPT_BYTES)
		return;
	MASK(at, KEPT_BYTES);
	copy_kept(scratch->data, &hit->slot->kept[at], size);
	scratch->state.kept_bytes = size;
}

#endif
