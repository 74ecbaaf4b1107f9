/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* What a hit of a site means for the goroutine's open calls. */
#ifndef SIDESPAN_HIT_H
#define SIDESPAN_HIT_H

#include "goroutine-at-hit.h"
#include "records.h"
#include "request-phases.h"
#include "kept-call.h"
#include "noted-text.h"
#include "messages.h"
#include "panic.h"
#include "parents.h"
#include "site-change.h"

/* Actions that begin a call: `seen` counts their hits. */
#define BEGINS_CALL(action) ((action) == SITE_ENTER || (action) == SITE_INLINED)

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
 * Ids by splitmix64 (Steele, Lea, Flood 2014) from a random start in each scratch buffer: a tenth of the cost of
 * bpf_get_prandom_u32 for the same purpose, that two ids never meet.
 */
static __always_inline __u64 next_id(struct scratch *scratch)
{
	__u64 z;

	if (scratch->random == 0)
		scratch->random = (__u64)bpf_get_prandom_u32() << 32 ^ bpf_get_prandom_u32() ^ bpf_ktime_get_ns();
	scratch->random += 0x9e3779b97f4a7c15ull;
	z = scratch->random;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	z ^= z >> 31;
	return z ? z : 1; /* all zero is no id */
}

/* Fills scratch->frame for a call that begins here: ids and parent. */
static __always_inline void begin_frame(struct hit *hit, const struct probe *probe)
{
	struct frame *frame = &hit->plan.scratch->frame;
	__u32 probe_flags = probe->flags, server = probe_flags & PROBE_SERVER, search = hit->process->parents && !server;
	struct frame *enclosing = 0;

	if (hit->goroutine && hit->goroutine->frames > 0)
		enclosing = frame_at(hit, hit->goroutine->frames - 1);
	frame->probe = hit->site->probe;
	frame->group = hit->site->group;
	frame->function = hit->site->function;
	frame->depth = hit->plan.scratch->state.depth;
	frame->flags = probe_flags & PROBE_HELD ? FRAME_HELD : 0;
	frame->kept_at = enclosing ? enclosing->kept_at + enclosing->kept_words : 0;
	frame->kept_words = 0;
	*word_at(frame->labels) = 0;
	*word_at(hit->plan.scratch->key.labels) = 0;
	frame->threshold = 0;
	hit->plan.scratch->state.decided = 0;
	*(__u64 *)frame->span_id = next_id(hit->plan.scratch);
	if (enclosing && !(server && !(enclosing->flags & FRAME_SERVER))) {
		__builtin_memcpy(frame->trace_id, enclosing->trace_id, 16);
		__builtin_memcpy(frame->parent_span_id, enclosing->span_id, 8);
		/* The decision at the first call, or of the remote parent, holds for all of the trace. */
		frame->flags |= enclosing->flags & INHERITED_FLAGS;
		frame->threshold = enclosing->threshold;
		hit->plan.scratch->state.decided = 1;
		/* A loop that works for one request after the other may be traced too. */
		search = search && probe->context.base != CONTEXT_NONE && !(enclosing->flags & FRAME_SERVER);
	} else {
		((__u64 *)frame->trace_id)[0] = next_id(hit->plan.scratch);
		((__u64 *)frame->trace_id)[1] = next_id(hit->plan.scratch);
		__builtin_memset(frame->parent_span_id, 0, 8);
		frame->flags |= FRAME_ROOT;
	}
	if (server)
		frame->flags |= FRAME_SERVER;
	if (search)
		find_parent(hit, &probe->context, enclosing != 0);
	if ((frame->flags & FRAME_ROOT) && !(hit->site->flags & SITE_TRACEPARENT))
		decide_sampling(hit->plan.scratch);
}

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
	return failure->set && key->labels[place] == 2;
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
