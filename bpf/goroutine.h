/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* The goroutine's stack of open calls: opening, finding and ending them. */
#ifndef SIDESPAN_GOROUTINE_H
#define SIDESPAN_GOROUTINE_H

#include "capture.h"

/* What every program knows after `begin_hit`. */
struct hit {
	struct plan_context plan;
	struct site *site;
	struct process *process;
	struct goroutine *goroutine; /* 0: it has no open call */
	struct goroutine_key key;
	__u64 goid;
	__u32 depth; /* stack.hi - SP */
	__u32 unwound; /* calls deeper than this are ended by `end_deeper` */
	__u32 end;     /* enum call_end for them */
	__u32 index;   /* of the frame that was found or popped */
	__u32 found;
	__u32 kept;    /* frames that `end_above_step` leaves */
};

static __always_inline struct probe_counters *counters_of(__u32 probe)
{
	return bpf_map_lookup_elem(&counters, &probe);
}

#define COUNT(probe, field)                                                  \
	do {                                                                 \
		struct probe_counters *counters_ = counters_of(probe);       \
		if (counters_)                                               \
			__sync_fetch_and_add(&counters_->field, 1);          \
	} while (0)

static __always_inline struct frame *frame_at(struct hit *hit, __u32 index)
{
	if (index < INLINE_FRAMES)
		return &hit->goroutine->frame[index];
	struct overflow_key key = {hit->key.process_slot, index, hit->key.goid};
	return bpf_map_lookup_elem(&overflow_frames, &key);
}

/* Takes the innermost open call off the stack into scratch->frame. */
static __noinline int pop_frame(struct hit *hit)
{
	struct goroutine *goroutine = hit->goroutine;
	struct frame *frame;
	__u32 index;

	if (!goroutine || goroutine->frames == 0)
		return 0;
	index = goroutine->frames - 1;
	frame = frame_at(hit, index);
	if (frame)
		__builtin_memcpy(&hit->plan.scratch->frame, frame, sizeof(*frame));
	if (index >= INLINE_FRAMES) {
		struct overflow_key key = {hit->key.process_slot, index, hit->key.goid};
		bpf_map_delete_elem(&overflow_frames, &key);
	}
	goroutine->frames = index;
	hit->index = index;
	return frame != 0;
}

static __always_inline __u64 wakeup_flags(void)
{
	return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= settings.wakeup_bytes ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

/* Captures by `plan` and sends the record of the call in scratch->frame. */
static __noinline void send_call(struct hit *hit, __u32 end, __u32 plan)
{
	struct scratch *scratch = hit->plan.scratch;
	struct frame *frame = &scratch->frame;
	struct call_record *call = &scratch->call;
	__u32 size;

	call->end_ns = bpf_ktime_get_boot_ns();
	run_plan(&hit->plan, plan);
	call->header.kind = RECORD_CALL;
	call->header.process_slot = hit->key.process_slot;
	call->header.probe = frame->probe;
	call->goid = hit->goid;
	call->start_ns = frame->start_ns;
	__builtin_memcpy(call->trace_id, frame->trace_id, 16);
	__builtin_memcpy(call->span_id, frame->span_id, 8);
	__builtin_memcpy(call->parent_span_id, frame->parent_span_id, 8);
	call->end = end;
	call->flags = 0;
	if (frame->flags & FRAME_ARGUMENTS_SENT)
		call->flags |= CALL_ARGUMENTS_SENT;
	if (frame->flags & FRAME_ARGUMENTS_LOST)
		call->flags |= CALL_ARGUMENTS_LOST;
	if (frame->flags & FRAME_REMOTE_PARENT)
		call->flags |= CALL_REMOTE_PARENT;
	if (frame->flags & FRAME_SAMPLED)
		call->flags |= CALL_SAMPLED;
	if (scratch->limited)
		call->flags |= CALL_CAPTURE_LIMITED;
	call->depth_bytes = frame->depth;
	call->frame_index = hit->index;
	size = scratch->out;
	if (size > CAPTURE_BYTES)
		size = CAPTURE_BYTES;
	call->header.capture_bytes = size;

	struct probe_counters *counters_ = counters_of(frame->probe);
	if (!counters_)
		return;
	if (end < 5)
		__sync_fetch_and_add(&counters_->ended[end], 1);
	if (bpf_ringbuf_output(&ring, call, sizeof(*call) + size, wakeup_flags()))
		__sync_fetch_and_add(&counters_->ring_full, 1);
}

/* Ends the innermost call although its own exit did not run. */
static __always_inline void abandon_top(struct hit *hit)
{
	struct probe *probe;
	__u32 index;
	struct pt_regs *ctx = hit->plan.ctx;

	if (!pop_frame(hit) || (hit->plan.scratch->frame.flags & FRAME_ENDED))
		return;
	index = hit->plan.scratch->frame.probe;
	probe = bpf_map_lookup_elem(&probes, &index);
	hit->plan.ctx = 0; /* the registers are not this call's */
	send_call(hit, hit->end, probe ? probe->abandoned_plan : 0);
	hit->plan.ctx = ctx;
}

static long end_deeper_step(__u64 index, struct hit *hit)
{
	struct goroutine *goroutine = hit->goroutine;
	struct frame *top;

	if (!goroutine || goroutine->frames == 0)
		return 1;
	top = frame_at(hit, goroutine->frames - 1);
	if (!top) { /* lost by a full overflow table: nothing to send */
		goroutine->frames--;
		return 0;
	}
	if (top->depth <= hit->unwound)
		return 1;
	abandon_top(hit);
	return 0;
}

/* Ends every open call deeper than `depth`. */
static __always_inline void end_deeper(struct hit *hit, __u32 depth, __u32 end)
{
	struct goroutine *goroutine = hit->goroutine;

	if (!goroutine || goroutine->frames == 0)
		return;
	hit->unwound = depth;
	hit->end = end;
	bpf_loop(MAX_FRAMES, end_deeper_step, hit, 0);
}

/* How calls end that a later hit finds stale. */
static __always_inline __u32 stale_end(const struct hit *hit)
{
	return hit->goroutine && hit->goroutine->panicking ? END_PANIC : END_UNPAIRED;
}

/* A goroutine without open calls needs no entry; goids are never used again. */
static __always_inline void forget_if_idle(struct hit *hit)
{
	struct frame *top;

	/* A call that was ended in place goes when nothing is open above it. */
	if (hit->goroutine && hit->goroutine->frames > 0) {
		top = frame_at(hit, hit->goroutine->frames - 1);
		if (top && (top->flags & FRAME_ENDED))
			pop_frame(hit);
	}
	if (hit->goroutine && hit->goroutine->frames == 0 && hit->goroutine->skipped == 0)
		bpf_map_delete_elem(&goroutines, &hit->key);
}

#endif
