/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* The goroutine's stack of open calls: opening, finding and ending them. */
#ifndef SIDESPAN_GOROUTINE_H
#define SIDESPAN_GOROUTINE_H

#include "goroutine-slot.h"

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

/* Stores scratch->frame as the goroutine's innermost open call. */
static __always_inline void push_frame(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	struct goroutine *goroutine = hit->goroutine;
	__u32 index;

	if (!goroutine) {
		if (!open_elsewhere(hit))
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
