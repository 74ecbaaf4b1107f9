/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * Where the time of HTTP requests goes: how long a server's was queued, read and wrote, how long a client's waited for a connection
 * and for its answer. As goroutine-times.h, but what changes is the phase of the requests that are open on a goroutine. Only with
 * settings.request_phases.
 */
#ifndef SIDESPAN_REQUEST_PHASES_H
#define SIDESPAN_REQUEST_PHASES_H

#include "goroutine-times.h"

/* `activity` holds the phases that enclose the one at hand too, this many bits each. */
#define PHASE_BITS 3
#define PHASE_MASK 7

static __always_inline struct goroutine_times *phases_of(struct hit *hit)
{
	__u32 index = slot_index(&hit->key);

	return bpf_map_lookup_elem(&request_phases, &index);
}

static __noinline int note_phase(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	__u32 goid_at = hit->process->g_goid, phase = hit->site->object & PHASE_MASK, change = hit->site->object_at, index;
	__u64 g = goroutine_of(hit, hit->plan.ctx), now = bpf_ktime_get_boot_ns();
	struct goroutine_times *phases;
	struct goroutine_slot *slot;

	if (goid_at > sizeof(scratch->g) - 8 || bpf_probe_read_user(scratch->words, 8, (void *)(g + goid_at)))
		return 0;
	hit->key.goid = scratch->words[0];
	index = slot_index(&hit->key);
	slot = bpf_map_lookup_elem(&goroutine_slots, &index);
	phases = phases_of(hit);
	if (!slot || !phases)
		return 0;
	if (change == PHASE_READ) {
		/* Another one's calls may be open there. */
		if (slot->owner)
			return 0;
		phases->owner = owner_word(&hit->key);
		phases->since_ns = now;
		phases->activity = PHASE_QUEUED;
		return 0;
	}
	if (slot->owner != owner_word(&hit->key) || phases->owner != slot->owner)
		return 0;
	if (change == PHASE_BEGIN)
		change_activity(phases, phases->activity << PHASE_BITS | phase, now);
	else if (change == PHASE_END)
		change_activity(phases, phases->activity >> PHASE_BITS, now);
	else if (change == PHASE_TURN)
		change_activity(phases, (phases->activity & ~PHASE_MASK) | phase, now);
	return 0;
}

/* The call in scratch->frame begins, as the goroutine's open call number `frames`. */
static __noinline int begin_phases(struct hit *hit, const struct probe *probe)
{
	__u32 first = probe->flags & PROBE_SERVER ? PHASE_HANDLING : PHASE_CONNECTING, number;
	__u64 now = hit->plan.scratch->frame.start_ns;
	struct goroutine_times *phases;

	if (!(probe->flags & PROBE_PHASES) || !hit->goroutine || hit->plan.scratch->state.crowded)
		return 0;
	number = hit->goroutine->frames;
	phases = phases_of(hit);
	if (!phases || number >= INLINE_FRAMES)
		return 0;
	if (phases->owner != owner_word(&hit->key)) {
		phases->owner = owner_word(&hit->key);
		phases->since_ns = now;
		phases->activity = 0;
	}
	if (number == 0 && phases->activity != PHASE_QUEUED)
		phases->activity = 0;
	else if (number > 0)
		change_activity(phases, phases->activity << PHASE_BITS | first, now);
	__builtin_memcpy(phases->at_entry_ns[number], phases->total_ns, sizeof(phases->total_ns));
	if (number > 0)
		return 0;
	/* What it was queued for comes to the totals behind the copy: it is the request's too. */
	if (phases->activity == PHASE_QUEUED)
		change_activity(phases, first, now);
	phases->since_ns = now;
	phases->activity = first;
	return 0;
}

/* The call in scratch->frame ends. One that ends on another goroutine has none. */
static __noinline int end_phases(struct hit *hit, const struct probe *probe, __u32 is_sent)
{
	struct scratch *scratch = hit->plan.scratch;
	__u32 number = scratch->state.index;
	struct goroutine_times *phases;

	if (!(probe->flags & PROBE_PHASES))
		return 0;
	if (scratch->state.crowded || number >= INLINE_FRAMES) {
		if (is_sent)
			COUNT(scratch->frame.probe, phases_no_room);
		return 0;
	}
	phases = phases_of(hit);
	if (!phases || phases->owner != owner_word(&hit->key))
		return 0;
	change_activity(phases, phases->activity >> PHASE_BITS, scratch->call.end_ns);
	if (is_sent && send_times_record(hit, RECORD_PHASES, phases, number))
		COUNT(scratch->frame.probe, phases_ring_full);
	return 0;
}

#endif
