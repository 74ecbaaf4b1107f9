/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Which call a hit is of, and what is to be captured of it. */
#ifndef SIDESPAN_CHOOSE_CALL_H
#define SIDESPAN_CHOOSE_CALL_H

#include "kept-call.h"
#include "new-call.h"
#include "noted-text.h"
#include "panic.h"
#include "records.h"

/* Actions that begin a call: `seen` counts their hits. */
#define BEGINS_CALL(action) ((action) == SITE_ENTER || (action) == SITE_INLINED)

/*
 * Puts the call that ends here into scratch->frame. In place where calls above it go on. Returns 0 if there is none:
 * it began before we attached, or found no room then.
 */
static __always_inline int take_frame(struct hit *hit)
{
	struct hit_state *state = &hit->plan.scratch->state;
	struct goroutine *goroutine = hit->goroutine;
	struct frame *frame = 0;

	if (!goroutine)
		return 0;
	if (state->found && state->index + 1 < goroutine->frames) {
		frame = frame_at(hit, state->index);
		if (!frame)
			return 0;
		frame->flags |= FRAME_ENDED;
		__builtin_memcpy(&hit->plan.scratch->frame, frame, sizeof(*frame));
		return 1;
	}
	if (goroutine->frames > 0)
		frame = frame_at(hit, goroutine->frames - 1);
	if (frame && frame->probe == hit->site->probe && (state->found || frame->depth == state->depth))
		return pop_frame(hit);
	if (goroutine->skipped > 0) {
		goroutine->skipped--;
		state->found = 1;
	}
	return 0;
}

/* A call that is not sampled but may be sent all the same is worked on twice by a hit. */
enum hit_pass {
	PASS_FIRST = 0,
	PASS_LABELS = 1, /* its entry: captured, and its labels come next */
	PASS_SEND = 2,	 /* its end: its labels said that it failed, and its record comes next */
};

enum hit_progress { HIT_GO_ON = 0, HIT_DONE = 1, HIT_CAPTURE = 2 };

/*
 * Puts the call that comes next into scratch->frame, and what is to be captured of it into the scratch buffer: first those
 * that ended without their exit, innermost first, then the site's own.
 */
static __noinline int choose_call(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	struct hit_state *state = &scratch->state;
	struct goroutine *goroutine = hit->goroutine;
	__u32 action = hit->site->action, number = hit->site->probe, plan;
	struct frame *top = 0;
	struct probe *probe;

	if (settings.keep && state->pass != PASS_FIRST) {
		if (state->pass == PASS_LABELS) {
			begin_key(scratch);
			state->kept_bytes = 0;
		}
		scratch->pc = is_captured(&scratch->frame) ? state->next_plan : 0;
		return HIT_CAPTURE;
	}
	state->own = 1;
	state->ended = END_RETURNED;
	if (goroutine && goroutine->frames > state->kept) {
		top = frame_at(hit, goroutine->frames - 1);
		if (!top) { /* lost when the overflow table was full */
			goroutine->frames--;
			return HIT_GO_ON;
		}
		if (top_has_ended(hit, top)) {
			if (!pop_frame(hit) || (scratch->frame.flags & FRAME_ENDED))
				return HIT_GO_ON;
			state->own = 0;
			state->ended = state->unwinding;
			number = scratch->frame.probe;
		}
	}
	probe = bpf_map_lookup_elem(&probes, &number);
	if (!probe)
		return HIT_DONE;
	if (state->own) {
		if (BEGINS_CALL(action)) {
			begin_frame(hit, probe);
			if (!has_labels_only(&scratch->frame) && over_capture_limit(number, probe->flags)) {
				scratch->frame.flags |= FRAME_NOT_CAPTURED;
				COUNT(number, not_captured);
			}
		} else if (action == SITE_BODY) {
			/* Calls that began before we attached have no frame. */
			if (!top || top->probe != number || top->depth != state->depth || !is_captured(top) ||
			    (top->flags & FRAME_UNSAMPLED))
				return HIT_DONE;
			__builtin_memcpy(&scratch->frame, top, sizeof(*top));
		} else if (action == SITE_NOTE) {
			top = goroutine ? frame_at(hit, state->index) : 0;
			if (!top || !is_captured(top) || ((top->flags & FRAME_UNSAMPLED) && !hit->site->label_plan))
				return HIT_DONE;
			__builtin_memcpy(&scratch->frame, top, sizeof(*top));
		} else if (action == SITE_PANIC) {
			top = goroutine ? frame_at(hit, state->index) : 0;
			if (!top || (top->flags & FRAME_UNSAMPLED))
				return HIT_DONE;
			__builtin_memcpy(&scratch->frame, top, sizeof(*top));
			scratch->frame.flags &= ~FRAME_NOT_CAPTURED;
		} else if (action == SITE_RELEASE) {
			if (!take_kept_call(hit))
				return HIT_DONE;
		} else if (action != SITE_LEAVE && action != SITE_FINISH && action != SITE_KEEP) {
			return HIT_DONE;
		} else if (!take_frame(hit)) {
			if (!state->found)
				COUNT(number, entered_before);
			return HIT_DONE;
		}
	}
	state->kept_bytes = 0;
	if (state->own && action == SITE_KEEP && keep_call(hit))
		return HIT_DONE;
	if (!state->own || (action != SITE_ENTER && action != SITE_BODY && action != SITE_NOTE && action != SITE_PANIC)) {
		scratch->call.end_ns = bpf_ktime_get_boot_ns();
		restore_arguments(hit);
	}
	if (state->own && action == SITE_INLINED) {
		scratch->frame.start_ns = scratch->call.end_ns;
		state->index = goroutine ? goroutine->frames : 0;
	}
	state->label_plan = state->own ? hit->site->label_plan : probe->abandoned_label_plan;
	state->labels_done = hit->site->flags & SITE_LABELS_GO_ON ? 2 : 0;
	plan = state->own ? hit->site->plan : probe->abandoned_plan;
	if (state->own && action == SITE_KEEP && state->ended == END_UNPAIRED)
		plan = state->label_plan = 0;
	/* An entry with a traceparent looks it up first, and comes to the labels from there. */
	if ((scratch->frame.flags & FRAME_UNSAMPLED) && !(action == SITE_ENTER && (hit->site->flags & SITE_TRACEPARENT))) {
		state->keeping = state->own && (action == SITE_ENTER || action == SITE_NOTE) ? 0 : kept_at_once(scratch);
		if (has_labels_only(&scratch->frame) || !(state->keeping || (state->own && action == SITE_ENTER))) {
			begin_key(scratch);
			state->next_plan = plan;
			plan = state->label_plan;
		}
		if (state->own && action == SITE_NOTE)
			take_noted(hit);
	} else if (settings.keep) {
		state->keeping = 0;
	}
	scratch->pc = is_captured(&scratch->frame) ? plan : 0;
	return HIT_CAPTURE;
}

#endif
