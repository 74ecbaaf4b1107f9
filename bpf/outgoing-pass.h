/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* From the call to the one who writes its request. */
#ifndef SIDESPAN_OUTGOING_PASS_H
#define SIDESPAN_OUTGOING_PASS_H

#include "outgoing-headers.h"

/* Looks for the innermost open call of the site's probe that encloses the hit. */
static long find_call_step(__u64 index, struct hit *hit)
{
	struct hit_state *state = &hit->plan.scratch->state;
	__u32 frames = hit->goroutine ? hit->goroutine->frames : 0;
	struct frame *frame;

	if (index >= frames)
		return 1;
	frame = frame_at(hit, frames - 1 - (__u32)index);
	if (!frame || frame->probe != hit->site->probe || frame->depth >= state->depth ||
	    (frame->flags & FRAME_ENDED))
		return 0;
	state->index = frames - 1 - (__u32)index;
	state->found = 1;
	return 1;
}

static __always_inline void pass(struct hit *hit, const struct outgoing_site *place)
{
	struct hit_state *state = &hit->plan.scratch->state;
	struct outgoing_call call = {.probe = hit->site->probe};
	struct outgoing_key key;
	struct frame *frame = 0;

	read_key(hit, &place->key, &key);
	if (key.word == 0)
		return; /* the function failed */
	COUNT_OUTGOING(call.probe, passed);
	bpf_map_delete_elem(&outgoing_calls, &key); /* of a request that was never written */
	state->found = 0;
	if (hit->goroutine)
		bpf_loop(MAX_FRAMES, find_call_step, hit, 0);
	if (state->found && hit->goroutine)
		frame = frame_at(hit, state->index);
	if (!frame) {
		COUNT_OUTGOING(call.probe, no_call);
		return;
	}
	call.trace_id[0] = *word_at(&frame->trace_id[0]);
	call.trace_id[1] = *word_at(&frame->trace_id[8]);
	call.span_id = *word_at(frame->span_id);
	call.sampled = !(frame->flags & FRAME_UNSAMPLED);
	call.threshold = call.sampled ? frame->threshold : 0;
	call.trace_state = frame->trace_state;
	if (lacks_headers(hit, place, &call))
		bpf_map_update_elem(&outgoing_calls, &key, &call, BPF_ANY);
}

static __always_inline void pass_on(struct hit *hit, const struct outgoing_site *place)
{
	const struct context_place goroutine = {};
	struct outgoing_call call;
	struct outgoing_key key;

	read_key(hit, &goroutine, &key);
	bpf_map_delete_elem(&outgoing_calls, &key); /* of a request that was never written */
	if (take_call(hit, &place->key, &call) && lacks_headers(hit, place, &call))
		bpf_map_update_elem(&outgoing_calls, &key, &call, BPF_ANY);
}

#endif
