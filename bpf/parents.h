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

#include "goroutine.h"

enum context_found {
	CONTEXT_UNKNOWN = 0,
	CONTEXT_OF_REQUEST = 1, /* scratch->request */
	CONTEXT_OF_NOBODY = 2,
};

/* What a call takes over from its parent, wherever that is. The decision at the first call, or of the remote parent, holds for all of the trace. */
#define INHERITED_FLAGS (FRAME_SERVER | FRAME_REMOTE_TRACE | FRAME_SAMPLED | FRAME_UNSAMPLED | FRAME_SHED)

#define BUCKET_OF(address) ((__u32)((address) * 0x9e3779b97f4a7c15ull >> 32) & (CONTEXT_BUCKETS - 1))

/* ---- by start ---- */

/* Goroutine ids are given one after the other: the table holds the last ones. */
static __always_inline struct origin *origin_slot(const struct goroutine_key *key)
{
	__u32 index = ((__u32)key->goid + key->process_slot * (PARENT_SLOTS / 8)) & (PARENT_SLOTS - 1);

	return bpf_map_lookup_elem(&origins, &index);
}

/* Copies the goroutine's origin to scratch->origin; 0 if it has none. */
static __noinline int find_origin(struct hit *hit)
{
	struct origin *origin = origin_slot(&hit->key);
	__u64 owner = owner_word(&hit->key);

	if (!origin || *(volatile __u64 *)&origin->owner != owner)
		return 0;
	__builtin_memcpy(&hit->plan.scratch->origin, origin, sizeof(*origin));
	/* Another one may have been written meanwhile. */
	return __sync_val_compare_and_swap(&origin->owner, owner, owner) == owner;
}

/* Stores scratch->origin as that of the goroutine with that key. */
static __always_inline void store_origin(struct hit *hit, const struct goroutine_key *key)
{
	struct origin *origin = origin_slot(key);
	__u64 before;

	if (!origin)
		return;
	before = *(volatile __u64 *)&origin->owner;
	hit->plan.scratch->origin.owner = 0;
	if (__sync_val_compare_and_swap(&origin->owner, before, 1) != before || before == 1)
		return; /* another CPU writes there */
	hit->plan.scratch->origin.owner = 1;
	__builtin_memcpy(origin, &hit->plan.scratch->origin, sizeof(*origin));
	STORE_RELEASE(&origin->owner, owner_word(key));
}

/* A goroutine was made: remembers the innermost open call of the one that started it, or that one's own origin. */
static __noinline int note_start(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	__u32 goid_at = hit->process->g_goid, parent_at = hit->process->g_parent_goid;
	struct goroutine_key started = {.process_slot = hit->key.process_slot};
	struct pt_regs *ctx = hit->plan.ctx;
	struct frame *frame = 0;

	if (goid_at > sizeof(scratch->g) - 8 || parent_at > sizeof(scratch->g) - 8 || parent_at == 0)
		return 0;
	if (bpf_probe_read_user(scratch->g, parent_at + 8, (void *)SECOND_ARGUMENT(ctx)))
		return 0;
	started.goid = *word_at(&scratch->g[goid_at]);
	hit->key.goid = *word_at(&scratch->g[parent_at]);
	if (hit->key.goid == 0 || !look_up_goroutine(hit))
		return 0;
	if (hit->goroutine && hit->goroutine->frames > 0)
		frame = frame_at(hit, hit->goroutine->frames - 1);
	if (frame && !(frame->flags & FRAME_ENDED)) {
		struct origin *origin = &scratch->origin;

		origin->creator = hit->key.goid;
		origin->started_ns = bpf_ktime_get_boot_ns();
		__builtin_memcpy(origin->trace_id, frame->trace_id, 16);
		__builtin_memcpy(origin->span_id, frame->span_id, 8);
		origin->flags = frame->flags & INHERITED_FLAGS;
		origin->threshold = frame->threshold;
		origin->index = hit->goroutine->frames - 1;
	} else if (frame || !find_origin(hit)) {
		return 0;
	}
	store_origin(hit, &started);
	return 0;
}

/*
 * Looks on the goroutine that it was started by for the origin's call, or the nearest one around it, that is still open. What
 * is read may be changed meanwhile by its own CPU: a call that began later is known by its start.
 */
static __always_inline void find_open(struct scratch *scratch, const struct goroutine *creator)
{
	const struct origin *origin = &scratch->origin;
	const __u64 *trace = (const __u64 *)origin->trace_id;

#pragma clang loop unroll(full)
	for (__u32 i = 0; i < INLINE_FRAMES; i++) {
		const volatile struct frame *frame = (const volatile struct frame *)&creator->frame[i];
		__u64 span = *(const volatile __u64 *)frame->span_id;

		if (i > origin->index || i >= *(const volatile __u32 *)&creator->frames)
			break;
		if (*(const volatile __u64 *)&frame->trace_id[0] != trace[0] || *(const volatile __u64 *)&frame->trace_id[8] != trace[1] ||
		    (frame->flags & FRAME_ENDED) || frame->start_ns > origin->started_ns)
			continue;
		*(__u64 *)scratch->open_span = span;
		scratch->open = 1;
	}
}

static __noinline int find_open_origin(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	struct goroutine_key key = {.process_slot = hit->key.process_slot, .goid = scratch->origin.creator};
	__u64 owner = owner_word(&key);
	__u32 index = slot_index(&key);
	struct goroutine_slot *slot = bpf_map_lookup_elem(&goroutine_slots, &index);

	scratch->open = 0;
	if (!slot)
		return 0;
	if (*(volatile __u64 *)&slot->owner == owner) {
		find_open(scratch, &slot->goroutine);
		if (*(volatile __u64 *)&slot->owner != owner)
			scratch->open = 0;
	} else if (slot->elsewhere > 0) {
		struct goroutine *creator = bpf_map_lookup_elem(&goroutines, &key);

		if (creator)
			find_open(scratch, creator);
	}
	return 0;
}

/* ---- by context ---- */

static __always_inline __u64 context_owner(struct hit *hit, __u64 address)
{
	return address ^ (__u64)hit->key.process_slot << 55;
}

/* Reads the context's two words to scratch->context_*; 0 if it could not. */
static __noinline int read_context(struct hit *hit, const struct context_place *place)
{
	struct scratch *scratch = hit->plan.scratch;
	struct pt_regs *ctx = hit->plan.ctx;
	__u64 address;

	if (place->base == CONTEXT_REGISTERS) {
		address = read_register(ctx, place->first);
		if (place->hops == 0) {
			scratch->context_itab = address;
			scratch->context_data = read_register(ctx, place->second);
			return scratch->context_data != 0;
		}
	} else {
		address = REGISTER_SP(ctx) + 8 * place->first;
		if (place->hops > 0) {
			if (bpf_probe_read_user(scratch->words, 8, (void *)address))
				return 0;
			address = scratch->words[0];
		}
	}
	if (place->hops == 2) {
		if (bpf_probe_read_user(scratch->words, 8, (void *)(address + place->at[0])))
			return 0;
		address = scratch->words[0] + place->at[1];
	} else if (place->hops == 1) {
		address += place->at[0];
	}
	if (bpf_probe_read_user(scratch->words, 16, (void *)address))
		return 0;
	scratch->context_itab = scratch->words[0];
	scratch->context_data = scratch->words[1];
	return scratch->context_data != 0;
}

/* Remembers that the context at hand is that of the request in scratch->frame. */
static __noinline int register_context(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	__u64 owner = context_owner(hit, scratch->context_data), before;
	__u32 index = BUCKET_OF(scratch->context_data), place = BUCKET_CONTEXTS;
	struct context_bucket *bucket = bpf_map_lookup_elem(&request_contexts, &index);
	struct request_context *request;

	if (!bucket || bpf_probe_read_user(scratch->words, 16, (void *)scratch->context_data))
		return 0;
	/* In place of the one that lay at the same address before; else of the oldest. */
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < BUCKET_CONTEXTS; i++)
		place = *(volatile __u64 *)&bucket->context[i].owner == owner ? i : place;
	if (place == BUCKET_CONTEXTS)
		place = (__u32)__sync_fetch_and_add(&bucket->added, 1);
	MASK(place, BUCKET_CONTEXTS);
	request = &bucket->context[place];
	before = *(volatile __u64 *)&request->owner;
	if (before == 1 || __sync_val_compare_and_swap(&request->owner, before, 1) != before)
		return 0; /* another CPU writes there */
	request->itab = scratch->context_itab;
	request->parent = scratch->words[1];
	__builtin_memcpy(request->trace_id, scratch->frame.trace_id, 16);
	__builtin_memcpy(request->span_id, scratch->frame.span_id, 8);
	request->flags = scratch->frame.flags & INHERITED_FLAGS;
	request->threshold = scratch->frame.threshold;
	request->goid = hit->key.goid;
	STORE_RELEASE(&request->owner, owner);
	return 0;
}

enum itab_kind { ITAB_LINK = 1, ITAB_END = 2, ITAB_UNKNOWN = 3 };

/* Of which kind of context an itab {inter 0, type 8} is. Asked for again and again, it is remembered: the address, and in its low bits the kind. */
static __always_inline __u32 itab_kind(struct hit *hit, __u64 itab)
{
	struct process *process = hit->process;
	__u64 *known = &process->context_itabs[itab * 0x9e3779b97f4a7c15ull >> 60];
	__u32 kind = ITAB_UNKNOWN;
	__u64 type;

	if ((*known & ~7ull) == itab)
		return *known & 7;
	if (bpf_probe_read_user(&hit->plan.scratch->words[2], 8, (void *)(itab + 8)))
		return ITAB_UNKNOWN;
	type = hit->plan.scratch->words[2] - hit->plan.load_bias;
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < CONTEXT_TYPES; i++)
		kind = process->context_types[i] == type ? ITAB_LINK : kind;
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < CONTEXT_ENDS; i++)
		kind = process->context_ends[i] == type ? ITAB_END : kind;
	*known = itab | kind;
	return kind;
}

/* One link of the chain: the request's, or on to its parent. */
static long context_step(__u64 index_, struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	__u64 owner = context_owner(hit, scratch->context_data);
	__u32 index = BUCKET_OF(scratch->context_data), kind;
	struct context_bucket *bucket = bpf_map_lookup_elem(&request_contexts, &index);

	if (!bucket)
		return 1;
	kind = itab_kind(hit, scratch->context_itab);
	if (kind != ITAB_LINK) {
		scratch->context_found = kind == ITAB_END ? CONTEXT_OF_NOBODY : CONTEXT_UNKNOWN;
		return 1;
	}
	if (bpf_probe_read_user(scratch->words, 16, (void *)scratch->context_data))
		return 1;
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < BUCKET_CONTEXTS; i++) {
		struct request_context *request = &bucket->context[i];

		if (*(volatile __u64 *)&request->owner != owner || request->itab != scratch->context_itab ||
		    request->parent != scratch->words[1])
			continue;
		__builtin_memcpy(&scratch->request, request, sizeof(*request));
		/* Another one may have been written meanwhile. */
		if (__sync_val_compare_and_swap(&request->owner, owner, owner) != owner)
			continue;
		scratch->context_found = CONTEXT_OF_REQUEST;
		return 1;
	}
	scratch->context_itab = scratch->words[0];
	scratch->context_data = scratch->words[1];
	return scratch->context_data == 0;
}

/* ---- both ---- */

static __always_inline void take_parent(struct hit *hit, const __u8 *trace_id, const __u8 *span_id, __u32 flags, __u32 threshold)
{
	struct frame *frame = &hit->plan.scratch->frame;

	__builtin_memcpy(frame->trace_id, trace_id, 16);
	__builtin_memcpy(frame->parent_span_id, span_id, 8);
	frame->flags &= ~(FRAME_ROOT | INHERITED_FLAGS);
	frame->flags |= flags;
	frame->threshold = threshold;
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
			take_parent(hit, request->trace_id, request->span_id, request->flags | FRAME_PARENT_BY_CONTEXT, request->threshold);
			return 0;
		}
	} else if (scratch->context_found == CONTEXT_OF_NOBODY && (origin->flags & FRAME_SERVER)) {
		return 0;
	}
	if (started && scratch->open)
		take_parent(hit, origin->trace_id, scratch->open_span, origin->flags | FRAME_PARENT_BY_START, origin->threshold);
	return 0;
}

#endif
