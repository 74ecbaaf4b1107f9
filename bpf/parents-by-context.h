/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* A call whose context.Context leads to a request's. */
#ifndef SIDESPAN_PARENTS_BY_CONTEXT_H
#define SIDESPAN_PARENTS_BY_CONTEXT_H

#include "goroutine.h"

enum context_found {
	CONTEXT_UNKNOWN = 0,
	CONTEXT_OF_REQUEST = 1, /* scratch->request */
	CONTEXT_OF_NOBODY = 2,
};

#define BUCKET_OF(address) ((__u32)((address) * 0x9e3779b97f4a7c15ull >> 32) & (CONTEXT_BUCKETS - 1))

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

static __always_inline int has_span(const struct goroutine *goroutine, const struct request_context *request)
{
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < INLINE_FRAMES; i++) {
		const volatile struct frame *frame = (const volatile struct frame *)&goroutine->frame[i];

		if (i >= *(const volatile __u32 *)&goroutine->frames)
			break;
		if (*(const volatile __u64 *)frame->span_id == *(const __u64 *)request->span_id && !(frame->flags & FRAME_ENDED))
			return 1;
	}
	return 0;
}

static __always_inline int is_open_request(const struct request_context *request)
{
	__u64 owner = *(const volatile __u64 *)&request->owner;
	struct goroutine_key key = {.process_slot = owner >> 55, .goid = request->goid};
	__u32 index = slot_index(&key);
	struct goroutine_slot *slot = bpf_map_lookup_elem(&goroutine_slots, &index);
	struct goroutine *elsewhere;

	if (owner <= 1 || !slot)
		return 0;
	if (*(volatile __u64 *)&slot->owner == owner_word(&key))
		return has_span(&slot->goroutine, request);
	if (slot->elsewhere == 0)
		return 0;
	elsewhere = bpf_map_lookup_elem(&goroutines, &key);
	return elsewhere && has_span(elsewhere, request);
}

/* The first place from there on whose request has ended. Are all open, one of them is lost. */
static __noinline __u32 place_of_ended(struct context_bucket *bucket, __u32 from, __u32 probe)
{
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < BUCKET_CONTEXTS; i++) {
		__u32 place = from + i;

		MASK(place, BUCKET_CONTEXTS);
		if (!is_open_request(&bucket->context[place]))
			return place;
	}
	COUNT(probe, contexts_no_room);
	return from;
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
	/* In place of the one that lay at the same address before; else of the oldest whose request has ended. */
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < BUCKET_CONTEXTS; i++)
		place = *(volatile __u64 *)&bucket->context[i].owner == owner ? i : place;
	if (place == BUCKET_CONTEXTS) {
		place = (__u32)__sync_fetch_and_add(&bucket->added, 1);
		place = place_of_ended(bucket, place, scratch->frame.probe);
	}
	MASK(place, BUCKET_CONTEXTS);
	request = &bucket->context[place];
	before = *(volatile __u64 *)&request->owner;
	if (before == 1 || __sync_val_compare_and_swap(&request->owner, before, 1) != before) {
		COUNT(scratch->frame.probe, contexts_no_room); /* another CPU writes there */
		return 0;
	}
	request->itab = scratch->context_itab;
	request->parent = scratch->words[1];
	__builtin_memcpy(request->trace_id, scratch->frame.trace_id, 16);
	__builtin_memcpy(request->span_id, scratch->frame.span_id, 8);
	request->flags = scratch->frame.flags & INHERITED_FLAGS;
	request->threshold = scratch->frame.threshold;
	request->trace_state = scratch->frame.trace_state;
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

#endif
