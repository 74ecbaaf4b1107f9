/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Which open calls a hit proves to have ended. */
#ifndef SIDESPAN_UNWINDING_H
#define SIDESPAN_UNWINDING_H

#include "goroutine.h"

enum hit_result { HIT_OK = 0, HIT_IGNORED = 1 };

/* Looks for the innermost open call of the site's probe. */
static long find_open_step(__u64 index, struct hit *hit)
{
	struct hit_state *state = &hit->plan.scratch->state;
	struct frame *frame;
	__u32 frames = hit->goroutine ? hit->goroutine->frames : 0;

	if (index >= frames)
		return 1;
	frame = frame_at(hit, frames - 1 - (__u32)index);
	if (!frame || frame->probe != hit->site->probe || (frame->flags & FRAME_ENDED))
		return 0;
	state->unwound = frame->depth;
	state->index = frames - 1 - (__u32)index;
	state->found = 1;
	return 1;
}

/* Looks for an open call of the site's group that encloses the hit. */
static long find_group_step(__u64 index, struct hit *hit)
{
	struct hit_state *state = &hit->plan.scratch->state;
	struct frame *frame;
	__u32 frames = hit->goroutine ? hit->goroutine->frames : 0;

	if (index >= frames)
		return 1;
	frame = frame_at(hit, frames - 1 - (__u32)index);
	if (!frame || frame->group != hit->site->group || frame->depth >= state->depth || (frame->flags & FRAME_ENDED))
		return 0;
	state->found = 1;
	return 1;
}

/* Whether the hit is of a call within another one of its group: a client that uses a client. */
static __always_inline int is_nested(struct hit *hit)
{
	struct hit_state *state = &hit->plan.scratch->state;

	if (hit->site->group == 0 || !hit->goroutine || hit->goroutine->frames == 0)
		return 0;
	state->found = 0;
	if (find_group_step(0, hit) == 0)
		bpf_loop(MAX_FRAMES, find_group_step, hit, 0);
	return state->found;
}

/*
 * Decides which open calls this hit proves to have ended: those deeper than state->unwound, but for the outermost
 * state->kept, by state->unwinding.
 */
static __always_inline int decide_unwinding(struct hit *hit, __u64 g, __u64 stack_hi)
{
	struct hit_state *state = &hit->plan.scratch->state;
	struct goroutine *goroutine = hit->goroutine;
	__u64 panic = 0, fp = 0;

	state->found = 0;
	state->kept = 0;
	state->unwound = state->depth;
	state->unwinding = goroutine && goroutine->panicking ? END_PANIC : END_UNPAIRED;
	switch (hit->site->action) {
	case SITE_FINISH:
		/* Nearly always it is the innermost one. */
		if (goroutine && find_open_step(0, hit) == 0)
			bpf_loop(MAX_FRAMES, find_open_step, hit, 0);
		if (!state->found)
			return HIT_IGNORED;
		/* A site within the call (a status written below a traced function) says nothing about the calls above it. */
		state->kept = state->depth <= state->unwound ? state->index + 1 : MAX_FRAMES;
		state->unwound = 0;
		break;
	case SITE_RELEASE:
		state->kept = MAX_FRAMES;
		break;
	case SITE_NOTE:
		if (goroutine && find_open_step(0, hit) == 0)
			bpf_loop(MAX_FRAMES, find_open_step, hit, 0);
		if (!state->found)
			return HIT_IGNORED;
		state->kept = MAX_FRAMES;
		break;
	case SITE_SCOPE_END:
		state->unwinding = END_GOROUTINE;
		break;
	case SITE_GOROUTINE_END:
		if (!goroutine || !goroutine->panicking)
			state->unwinding = END_GOROUTINE;
		state->unwound = 0;
		break;
	case SITE_GOEXIT:
		/* Called by a deferred function while a panic is on its way: the panic had ended them already. */
		if (!goroutine || !goroutine->panicking)
			state->unwinding = END_GOEXIT;
		state->unwound = 0;
		break;
	case SITE_PANIC:
		if (!goroutine)
			return HIT_IGNORED;
		goroutine->panicking = 1;
		if (goroutine->frames == 0 || hit->site->plan == 0)
			return HIT_IGNORED;
		state->index = goroutine->frames - 1;
		state->kept = MAX_FRAMES;
		break;
	case SITE_RECOVERY:
		state->unwinding = END_PANIC;
		if (hit->process->g_recovery_sp) {
			/* g.sigcode0 is an SP within its frame: those below it are gone (runtime/panic.go before 1.22). */
			if (bpf_probe_read_user(&fp, 8, (void *)(g + hit->process->g_recovery_sp)))
				return HIT_IGNORED;
			state->unwound = (__u32)(stack_hi - fp);
			break;
		}
		/* _panic.fp is the frame pointer of the function that recovers (runtime/panic.go, recovery). */
		if (bpf_probe_read_user(&panic, 8, (void *)(g + hit->process->g_panic)) ||
		    bpf_probe_read_user(&fp, 8, (void *)(panic + hit->process->panic_fp)))
			return HIT_IGNORED;
		state->unwound = (__u32)(stack_hi - (fp - RETURN_ADDRESS_BYTES));
		break;
	}
	return HIT_OK;
}

#endif
