/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* A call on a goroutine that was started within another call. */
#ifndef SIDESPAN_PARENTS_BY_START_H
#define SIDESPAN_PARENTS_BY_START_H

#include "goroutine.h"

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
		origin->trace_state = frame->trace_state;
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

#endif
