/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Where a goroutine's open calls are kept: in a slot of an array, or in a hash table where another has the slot. */
#ifndef SIDESPAN_GOROUTINE_SLOT_H
#define SIDESPAN_GOROUTINE_SLOT_H

#include "capture.h"
#include "counts.h"

/*
 * One hit of a site: the pointers. Its numbers are in scratch->state, where the verifier does not follow them: it would
 * walk through the interpreter once for each combination of constants.
 */
struct hit {
	struct plan_context plan;
	struct site *site;
	struct process *process;
	struct goroutine_slot *slot; /* the one that the goroutine's id leads to */
	struct goroutine *goroutine; /* 0: it has no open call */
	struct goroutine_key key;
};

/* Never 0. A goid uses up to 55 bits, as does the address that stands for one. */
static __always_inline __u64 owner_word(const struct goroutine_key *key)
{
	return key->goid ^ (__u64)key->process_slot << 55;
}

/* Fibonacci hashing: goids that follow each other do not meet. src/bpf/goroutine-slots.ts does the same. */
static __always_inline __u32 slot_index(const struct goroutine_key *key)
{
	return (__u32)(owner_word(key) * 0x9e3779b97f4a7c15ull >> 32) & (settings.goroutine_slots - 1);
}

static __always_inline struct goroutine *working_copy(struct hit *hit)
{
	__u32 number = bpf_get_smp_processor_id() * SCRATCH_BUFFERS + hit->plan.scratch->state.claimed;
	__u32 index = settings.goroutine_slots + number;
	struct goroutine_slot *slot = bpf_map_lookup_elem(&goroutine_slots, &index);

	return slot ? &slot->goroutine : 0;
}

/* Of a goroutine whose slot is another's. */
static __noinline int copy_crowded(struct hit *hit)
{
	struct goroutine *found = bpf_map_lookup_elem(&goroutines, &hit->key);
	struct goroutine *copy = working_copy(hit);

	if (!found || !copy)
		return 0;
	__builtin_memcpy(copy, found, sizeof(*copy));
	return 1;
}

/* Finds the goroutine's open calls. */
static __always_inline int look_up_goroutine(struct hit *hit)
{
	struct hit_state *state = &hit->plan.scratch->state;
	__u32 index = slot_index(&hit->key);

	state->crowded = 0;
	hit->slot = bpf_map_lookup_elem(&goroutine_slots, &index);
	if (!hit->slot)
		return 0;
	if (hit->slot->owner == owner_word(&hit->key)) {
		hit->goroutine = &hit->slot->goroutine;
	} else if (hit->slot->elsewhere > 0 && copy_crowded(hit)) {
		state->crowded = 1;
		hit->goroutine = working_copy(hit);
	}
	return 1;
}

/* Takes the slot for a goroutine that has no entry yet, if it is free: an entry without calls. */
static __always_inline void claim_slot(struct hit *hit)
{
	struct goroutine_slot *slot = hit->slot;
	struct goroutine *goroutine;

	if (hit->goroutine || !slot || slot->owner != 0 ||
	    __sync_val_compare_and_swap(&slot->owner, 0, owner_word(&hit->key)) != 0)
		return;
	goroutine = &slot->goroutine;
	goroutine->frames = 0;
	goroutine->skipped = 0;
	goroutine->panicking = 0;
	goroutine->panics = 0;
	hit->goroutine = goroutine;
}

/* Makes an entry elsewhere for a goroutine that has one open call now, scratch->frame. Returns 0 if there is no room. */
static __always_inline int open_elsewhere(struct hit *hit)
{
	struct goroutine_slot *slot = hit->slot;
	struct goroutine *goroutine = working_copy(hit);

	if (!slot || !goroutine)
		return 0;
	goroutine->frames = 1;
	goroutine->skipped = 0;
	goroutine->panicking = 0;
	goroutine->panics = 0;
	__builtin_memcpy(&goroutine->frame[0], &hit->plan.scratch->frame, sizeof(struct frame));
	__sync_fetch_and_add(&slot->elsewhere, 1);
	if (bpf_map_update_elem(&goroutines, &hit->key, goroutine, BPF_NOEXIST) == 0)
		return 1;
	__sync_fetch_and_add(&slot->elsewhere, -1);
	return 0;
}

/* Puts what a hit changed back to where the next one finds it. Idle goroutines go: goids are never used again. */
static __always_inline void leave_goroutine(struct hit *hit)
{
	struct goroutine *goroutine = hit->goroutine, *crowded;
	int idle = goroutine->frames == 0 && goroutine->skipped == 0;

	if (!hit->plan.scratch->state.crowded) {
		if (idle)
			STORE_RELEASE(&hit->slot->owner, 0);
		return;
	}
	if (idle) {
		if (bpf_map_delete_elem(&goroutines, &hit->key) == 0)
			__sync_fetch_and_add(&hit->slot->elsewhere, -1);
		return;
	}
	crowded = bpf_map_lookup_elem(&goroutines, &hit->key);
	if (crowded)
		__builtin_memcpy(crowded, goroutine, sizeof(*crowded));
}

#endif
