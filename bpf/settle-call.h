/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* A call that begins or ends once everything is captured of it. */
#ifndef SIDESPAN_SETTLE_CALL_H
#define SIDESPAN_SETTLE_CALL_H

#include "choose-call.h"
#include "request-phases.h"

/* Whether its labels say that the call failed. */
static __noinline int has_failed(struct scratch *scratch, const struct probe *probe)
{
	const struct failure *failure = &probe->failure;
	const struct series_key *key = &scratch->key;
	__u32 place = failure->code - 1, code;

	if (scratch->state.ended == END_UNPAIRED)
		return 0;
	if (failure->text && key->text_status != TEXT_NONE)
		return 1;
	if (failure->code) {
		place &= LABELS - 2;
		MASK(place, LABELS);
		code = *(const __u16 *)&key->labels[place];
		if (code > failure->code_from || (code > 0 && code <= 32 && (failure->codes >> (code - 1) & 1)))
			return 1;
	}
	place = failure->set - 1;
	MASK(place, LABELS);
	return failure->set && key->labels[place] > 1;
}

/* Opens or ends the call in scratch->frame, of which everything is captured now. */
static __noinline int settle_call(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	struct hit_state *state = &scratch->state;
	__u32 action = hit->site->action, number = scratch->frame.probe, own = state->own;
	struct probe *probe = bpf_map_lookup_elem(&probes, &number);
	struct frame *top;

	if (!probe)
		return HIT_DONE;
	if (own && action == SITE_BODY) {
		send_arguments(hit, RECORD_MORE_ARGUMENTS);
		return HIT_DONE;
	}
	if (own && action == SITE_NOTE) {
		top = hit->goroutine ? frame_at(hit, state->index) : 0;
		if (top)
			__builtin_memcpy(top->saved, scratch->frame.saved, sizeof(top->saved));
		if (hit->site->flags & SITE_SILENT)
			return HIT_DONE;
		if (scratch->frame.flags & FRAME_UNSAMPLED)
			keep_noted(hit);
		else
			send_arguments(hit, RECORD_NOTE);
		return HIT_DONE;
	}
	if (own && action == SITE_PANIC) {
		send_panic(hit);
		return HIT_DONE;
	}
	if (!own || action != SITE_ENTER) {
		if ((settings.keep & KEEP_ERRORS) && (scratch->frame.flags & FRAME_UNSAMPLED) && !state->keeping &&
		    has_failed(scratch, probe)) {
			state->keeping = CALL_KEPT_ERROR;
			state->pass = PASS_SEND;
			return HIT_GO_ON;
		}
		if (settings.keep)
			state->pass = PASS_FIRST;
		if (settings.request_phases)
			end_phases(hit, probe, !(scratch->frame.flags & FRAME_UNSAMPLED) || (settings.keep && state->keeping));
		if ((scratch->frame.flags & FRAME_UNSAMPLED) && !(settings.keep && state->keeping)) {
			if (probe->flags & PROBE_NOTED)
				take_noted(hit);
			end_unsampled(hit, probe->bounds);
		} else {
			send_times(hit);
			send_call(hit, probe->bounds);
		}
		return own ? HIT_DONE : HIT_GO_ON;
	}
	if (!state->decided)
		decide_sampling(scratch); /* there were no headers to look at */
	if (settings.keep && (scratch->frame.flags & FRAME_UNSAMPLED) && state->pass == PASS_FIRST) {
		claim_slot(hit);
		if (is_captured(&scratch->frame) && (probe->flags & PROBE_KEEP_ARGUMENTS))
			keep_arguments(hit);
		state->pass = PASS_LABELS;
		state->next_plan = state->label_plan;
		return HIT_GO_ON;
	}
	if ((probe->flags & PROBE_SERVER) && probe->context.base != CONTEXT_NONE && read_context(hit, &probe->context))
		register_context(hit);
	claim_slot(hit);
	if (scratch->frame.flags & FRAME_UNSAMPLED)
		*word_at(scratch->frame.labels) = *word_at(scratch->key.labels);
	else if (is_captured(&scratch->frame) && !((probe->flags & PROBE_KEEP_ARGUMENTS) && keep_arguments(hit)) &&
		 (probe->flags & (PROBE_KEEP_ARGUMENTS | PROBE_SEND_ARGUMENTS)))
		send_arguments(hit, RECORD_ARGUMENTS);
	/* Taken last: what the capture costs is not the call's. */
	scratch->frame.start_ns = bpf_ktime_get_boot_ns();
	begin_times(hit);
	if (settings.request_phases)
		begin_phases(hit, probe);
	push_frame(hit);
	return HIT_DONE;
}

#endif
