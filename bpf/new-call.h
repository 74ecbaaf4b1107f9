/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* A call that begins: its ids and its parent. */
#ifndef SIDESPAN_NEW_CALL_H
#define SIDESPAN_NEW_CALL_H

#include "parents.h"

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
	frame->trace_state = 0;
	hit->plan.scratch->state.decided = 0;
	*(__u64 *)frame->span_id = next_id(hit->plan.scratch);
	if (enclosing && !(server && !(enclosing->flags & FRAME_SERVER))) {
		__builtin_memcpy(frame->trace_id, enclosing->trace_id, 16);
		__builtin_memcpy(frame->parent_span_id, enclosing->span_id, 8);
		/* The decision at the first call, or of the remote parent, holds for all of the trace. */
		frame->flags |= enclosing->flags & INHERITED_FLAGS;
		frame->threshold = enclosing->threshold;
		frame->trace_state = enclosing->trace_state;
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

#endif
