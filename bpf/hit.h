/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* What a hit of a site means for the goroutine's open calls. */
#ifndef SIDESPAN_HIT_H
#define SIDESPAN_HIT_H

#include "goroutine-at-hit.h"
#include "messages.h"
#include "settle-call.h"
#include "site-change.h"

/* Finds site and process; says whether the hit counts. */
static __always_inline int begin_hit(struct hit *hit, struct pt_regs *ctx)
{
	__u32 index = (__u32)bpf_get_attach_cookie(ctx);

	hit->plan.ctx = ctx;
	hit->site = bpf_map_lookup_elem(&sites, &index);
	if (!hit->site || hit->site->action == 0)
		return HIT_IGNORED;
	index = hit->site->process_slot;
	hit->process = bpf_map_lookup_elem(&processes, &index);
	if (!hit->process || (hit->process->generation != hit->site->generation && !counts_in_change(hit)))
		return HIT_IGNORED;
	if (settings.timed_hits)
		hit->plan.scratch->state.site_probe = hit->site->probe;
	if ((hit->site->flags & SITE_STACK_CHECK) && STACK_CHECK_TAKEN(ctx)) {
		COUNT(hit->site->probe, restarts);
		return HIT_IGNORED;
	}
	hit->plan.load_bias = REGISTER_IP(ctx) - hit->site->vaddr;
	hit->plan.process_slot = hit->site->process_slot;
	hit->plan.scratch->state.map_kind = hit->process->map_kind;
	hit->plan.scratch->state.process_slot = index;
	hit->plan.scratch->state.load_bias = hit->plan.load_bias;
	hit->plan.scratch->state.constants = hit->plan.load_bias + hit->process->constants_vaddr;
	hit->plan.scratch->state.constants_bytes = hit->process->constants_bytes;
	hit->key.process_slot = hit->site->process_slot;
	return HIT_OK;
}

/*
 * One call at a time. A loop, so that the interpreter is called from one place, and with hardly anything in registers
 * and on the stack: the verifier walks through it once for each combination of what is there.
 */
static long handle_call(__u64 index, struct hit *hit)
{
	int progress = choose_call(hit);

	if (progress != HIT_CAPTURE)
		return progress;
	run_plan(&hit->plan);
	return settle_call(hit);
}

static __noinline void handle_hit(struct pt_regs *ctx, struct scratch *scratch)
{
	struct hit hit = {.plan = {.scratch = scratch}};
	__u64 stack_hi = 0, g;
	int lost;

	if (begin_hit(&hit, ctx))
		return;
	if (hit.site->action == SITE_START) {
		note_start(&hit);
		return;
	}
	if (settings.request_phases && hit.site->action == SITE_PHASE) {
		note_phase(&hit);
		return;
	}
	if (settings.messages && hit.site->action >= SITE_MESSAGE_SENT) {
		note_message(&hit);
		return;
	}
	if (settings.goroutine_times && hit.site->action >= SITE_STATUS) {
		note_status(&hit);
		return;
	}
	g = goroutine_of(&hit, ctx);
	lost = find_goroutine(&hit, g, &stack_hi);
	if (lost == HIT_OK && is_nested(&hit))
		return;
	if (BEGINS_CALL(hit.site->action))
		COUNT(hit.site->probe, seen);
	if (lost) {
		if (BEGINS_CALL(hit.site->action))
			COUNT(hit.site->probe, no_goroutine);
		return;
	}
	if (settings.keep)
		scratch->state.pass = PASS_FIRST;
	if (decide_unwinding(&hit, g, stack_hi)) {
		if (hit.site->action == SITE_FINISH && !(hit.site->flags & SITE_REPEATS))
			COUNT(hit.site->probe, entered_before);
	} else if (hit.goroutine || hit.site->action == SITE_LEAVE || hit.site->action == SITE_KEEP ||
		   hit.site->action == SITE_RELEASE || BEGINS_CALL(hit.site->action)) {
		bpf_loop(MAX_FRAMES + 1, handle_call, &hit, 0);
		pop_ended(&hit);
	}
	if (!hit.goroutine)
		return;
	if (hit.site->action == SITE_RECOVERY) {
		hit.goroutine->panicking = 0;
		if (hit.goroutine->panics)
			send_recovery(&hit);
	}
	if (hit.site->action == SITE_GOROUTINE_END || hit.site->action == SITE_GOEXIT)
		hit.goroutine->skipped = 0;
	leave_goroutine(&hit);
}

#endif
