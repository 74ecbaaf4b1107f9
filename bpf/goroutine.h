/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* The goroutine's stack of open calls: opening, finding and ending them. */
#ifndef SIDESPAN_GOROUTINE_H
#define SIDESPAN_GOROUTINE_H

#include "capture.h"

/*
 * One hit of a site: the pointers. Its numbers are in scratch->state, where the verifier does not follow them: it would
 * walk through the interpreter once for each combination of constants.
 */
struct hit {
	struct plan_context plan;
	struct site *site;
	struct process *process;
	struct goroutine_slot *slot; /* the one that the goroutine's id leads to */
	struct goroutine *goroutine; /* 0: it has no open call */
	struct goroutine_key key;
};

static __always_inline struct probe_counters *counters_of(__u32 probe)
{
	return bpf_map_lookup_elem(&counters, &probe);
}

#define COUNT(probe, field)                                                  \
	do {                                                                 \
		struct probe_counters *counters_ = counters_of(probe);       \
		if (counters_)                                               \
			ADD_ONE(&counters_->field);                          \
	} while (0)

/* Never 0. A goid uses up to 55 bits, as does the address that stands for one. */
static __always_inline __u64 owner_word(const struct goroutine_key *key)
{
	return key->goid ^ (__u64)key->process_slot << 55;
}

/* Fibonacci hashing: goids that follow each other do not meet. src/bpf/goroutine-slots.ts does the same. */
static __always_inline __u32 slot_index(const struct goroutine_key *key)
{
	return (__u32)(owner_word(key) * 0x9e3779b97f4a7c15ull >> 32) & (settings.goroutine_slots - 1);
}

static __always_inline struct goroutine *working_copy(struct hit *hit)
{
	__u32 number = bpf_get_smp_processor_id() * SCRATCH_BUFFERS + hit->plan.scratch->state.claimed;
	__u32 index = settings.goroutine_slots + number;
	struct goroutine_slot *slot = bpf_map_lookup_elem(&goroutine_slots, &index);

	return slot ? &slot->goroutine : 0;
}

/* Of a goroutine whose slot is another's. */
static __noinline int copy_crowded(struct hit *hit)
{
	struct goroutine *found = bpf_map_lookup_elem(&goroutines, &hit->key);
	struct goroutine *copy = working_copy(hit);

	if (!found || !copy)
		return 0;
	__builtin_memcpy(copy, found, sizeof(*copy));
	return 1;
}

/* Finds the goroutine's open calls. */
static __always_inline int look_up_goroutine(struct hit *hit)
{
	struct hit_state *state = &hit->plan.scratch->state;
	__u32 index = slot_index(&hit->key);

	state->crowded = 0;
	hit->slot = bpf_map_lookup_elem(&goroutine_slots, &index);
	if (!hit->slot)
		return 0;
	if (hit->slot->owner == owner_word(&hit->key)) {
		hit->goroutine = &hit->slot->goroutine;
	} else if (hit->slot->elsewhere > 0 && copy_crowded(hit)) {
		state->crowded = 1;
		hit->goroutine = working_copy(hit);
	}
	return 1;
}

/* Makes the entry of a goroutine that has one open call now, scratch->frame. Returns 0 if there is no room. */
static __always_inline int open_goroutine(struct hit *hit)
{
	struct goroutine_slot *slot = hit->slot;
	__u64 owner = owner_word(&hit->key);
	struct goroutine *goroutine;
	int owned;

	if (!slot)
		return 0;
	owned = slot->owner == 0 && __sync_val_compare_and_swap(&slot->owner, 0, owner) == 0;
	goroutine = owned ? &slot->goroutine : working_copy(hit);
	if (!goroutine)
		return 0;
	goroutine->frames = 1;
	goroutine->skipped = 0;
	goroutine->panicking = 0;
	__builtin_memcpy(&goroutine->frame[0], &hit->plan.scratch->frame, sizeof(struct frame));
	if (owned)
		return 1;
	__sync_fetch_and_add(&slot->elsewhere, 1);
	if (bpf_map_update_elem(&goroutines, &hit->key, goroutine, BPF_NOEXIST) == 0)
		return 1;
	__sync_fetch_and_add(&slot->elsewhere, -1);
	return 0;
}

/* Puts what a hit changed back to where the next one finds it. Idle goroutines go: goids are never used again. */
static __always_inline void leave_goroutine(struct hit *hit)
{
	struct goroutine *goroutine = hit->goroutine, *crowded;
	int idle = goroutine->frames == 0 && goroutine->skipped == 0;

	if (!hit->plan.scratch->state.crowded) {
		if (idle)
			STORE_RELEASE(&hit->slot->owner, 0);
		return;
	}
	if (idle) {
		if (bpf_map_delete_elem(&goroutines, &hit->key) == 0)
			__sync_fetch_and_add(&hit->slot->elsewhere, -1);
		return;
	}
	crowded = bpf_map_lookup_elem(&goroutines, &hit->key);
	if (crowded)
		__builtin_memcpy(crowded, goroutine, sizeof(*crowded));
}

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
	/* Calls without a frame lie deeper than all that have one. */
	goroutine->skipped = 0;
	hit->plan.scratch->state.index = index;
	return frame != 0;
}

/*
 * Wakes the reader each time another `wakeup_bytes` (a power of two) are unread. Not with every record from there on: a
 * wake-up costs more than the whole rest of a hit.
 */
static __always_inline __u64 wakeup_flags(__u32 size)
{
	__u64 unread = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);
	__u64 then = unread + size + 8;

	return ((unread ^ then) & ~(__u64)(settings.wakeup_bytes - 1)) ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

/* Sends the record of the call in scratch->frame with what was captured. */
static __always_inline void send_call(struct hit *hit)
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
	call->flags = 0;
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
	if (scratch->limited)
		call->flags |= CALL_CAPTURE_LIMITED;
	call->depth_bytes = frame->depth;
	call->frame_index = scratch->state.index;
	if (size > CAPTURE_BYTES)
		size = CAPTURE_BYTES;
	call->header.capture_bytes = size;

	struct probe_counters *counters_ = counters_of(frame->probe);
	if (!counters_)
		return;
	if (end < 5)
		ADD_ONE(&counters_->ended[end]);
	if (bpf_ringbuf_output(&ring, call, sizeof(*call) + size, wakeup_flags(sizeof(*call) + size)))
		ADD_ONE(&counters_->ring_full);
}

/* The captures at entry of the call in scratch->frame, sent at once: the frame has no room for them. */
static __always_inline void send_arguments(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	/* Directly before the captured bytes, in the tail of the call record, which is filled later. */
	struct arguments_record *record =
		(void *)((__u8 *)&scratch->call + sizeof(struct call_record) - sizeof(struct arguments_record));
	__u32 size = scratch->out;

	if (size > CAPTURE_BYTES)
		size = CAPTURE_BYTES;
	record->header.kind = RECORD_ARGUMENTS;
	record->header.process_slot = hit->key.process_slot;
	record->header.probe = scratch->frame.probe;
	record->header.capture_bytes = size;
	record->goid = scratch->state.goid;
	__builtin_memcpy(record->span_id, scratch->frame.span_id, 8);
	if (bpf_ringbuf_output(&ring, record, sizeof(*record) + size, wakeup_flags(sizeof(*record) + size))) {
		COUNT(scratch->frame.probe, arguments_ring_full);
		scratch->frame.flags |= FRAME_ARGUMENTS_LOST;
	} else {
		scratch->frame.flags |= FRAME_ARGUMENTS_SENT;
	}
}

/* Stores scratch->frame as the goroutine's innermost open call. */
static __always_inline void push_frame(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	struct goroutine *goroutine = hit->goroutine;
	__u32 index;

	if (!goroutine) {
		if (!open_goroutine(hit))
			COUNT(scratch->frame.probe, goroutine_table_full);
		return;
	}
	index = goroutine->frames;
	if (index < INLINE_FRAMES) {
		__builtin_memcpy(&goroutine->frame[index], &scratch->frame, sizeof(struct frame));
	} else {
		struct overflow_key key = {hit->key.process_slot, index, hit->key.goid};

		if (index >= MAX_FRAMES || goroutine->skipped > 0 ||
		    bpf_map_update_elem(&overflow_frames, &key, &scratch->frame, BPF_ANY)) {
			goroutine->skipped++;
			COUNT(scratch->frame.probe, frame_stack_full);
			return;
		}
	}
	goroutine->frames = index + 1;
}

/*
 * Whether the innermost open call has ended although its own exit did not run: it lies deeper than this hit allows,
 * or, at an entry, at the same depth. There, another probe of the same function is no contradiction, nor is a
 * preset's call, which ends elsewhere.
 */
static __always_inline int top_has_ended(struct hit *hit, const struct frame *top)
{
	__u32 unwound = hit->plan.scratch->state.unwound;

	if (top->depth != unwound)
		return top->depth > unwound;
	if (hit->site->action != SITE_ENTER)
		return 0;
	return top->probe == hit->site->probe ||
	       (top->function != hit->site->function && (top->flags & FRAME_HELD) == 0);
}

/* Calls that were ended in place go when nothing is open above them: gRPC within HTTP makes two. */
static __always_inline void pop_ended(struct hit *hit)
{
	struct frame *top;

	for (__u32 i = 0; i < 2; i++) {
		if (!hit->goroutine || hit->goroutine->frames == 0)
			break;
		top = frame_at(hit, hit->goroutine->frames - 1);
		if (!top || (top->flags & FRAME_ENDED) == 0)
			break;
		pop_frame(hit);
	}
}

#endif
