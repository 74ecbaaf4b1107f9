/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * Parents on other goroutines, of calls that no open call on their own goroutine encloses. A wrong parent is worse than none.
 *
 * By context: a server registers the context.Context that it makes for each request. A call with one that was derived from it is
 * the request's. One that leads to no request's (context.Background) is nobody's, as OpenTelemetry's API has it.
 * By start: runtime.newproc tells which call was the innermost one when it started a goroutine. That one is the parent while it is
 * open, then the nearest one around it that still is. When all have ended, it is not known for whom the goroutine works.
 * Where both are known they must agree on the trace; then the start, which is more exact, tells the span.
 */
#ifndef SIDESPAN_PARENTS_H
#define SIDESPAN_PARENTS_H

#include "parents-by-context.h"
#include "parents-by-start.h"

static __always_inline void take_parent(struct hit *hit, const __u8 *trace_id, const __u8 *span_id, __u32 flags, __u32 threshold, __u32 trace_state)
{
	struct frame *frame = &hit->plan.scratch->frame;

	__builtin_memcpy(frame->trace_id, trace_id, 16);
	__builtin_memcpy(frame->parent_span_id, span_id, 8);
	frame->flags &= ~(FRAME_ROOT | INHERITED_FLAGS);
	frame->flags |= flags;
	frame->threshold = threshold;
	frame->trace_state = trace_state;
	hit->plan.scratch->state.decided = 1;
}

/*
 * Finds the parent of the call in scratch->frame on another goroutine. `enclosed`: it has one on its own, which is in no request.
 */
static __noinline int find_parent(struct hit *hit, const struct context_place *place, __u32 enclosed)
{
	struct scratch *scratch = hit->plan.scratch;
	struct origin *origin = &scratch->origin;
	struct request_context *request = &scratch->request;
	int started = enclosed ? 0 : find_origin(hit);

	scratch->open = 0;
	scratch->context_found = CONTEXT_UNKNOWN;
	if (place->base != CONTEXT_NONE && read_context(hit, place))
		bpf_loop(MAX_CONTEXTS, context_step, hit, 0);
	if (started)
		find_open_origin(hit);
	if (scratch->context_found == CONTEXT_OF_REQUEST) {
		const __u64 *trace = (const __u64 *)request->trace_id, *own = (const __u64 *)origin->trace_id;

		if (!started || !scratch->open || trace[0] != own[0] || trace[1] != own[1]) {
			take_parent(hit, request->trace_id, request->span_id, request->flags | FRAME_PARENT_BY_CONTEXT, request->threshold,
				    request->trace_state);
			return 0;
		}
	} else if (scratch->context_found == CONTEXT_OF_NOBODY && (origin->flags & FRAME_SERVER)) {
		return 0;
	}
	if (started && scratch->open)
		take_parent(hit, origin->trace_id, scratch->open_span, origin->flags | FRAME_PARENT_BY_START, origin->threshold, origin->trace_state);
	return 0;
}

#endif
