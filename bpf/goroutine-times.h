/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * What a goroutine does while its calls run: how long it runs, could run, waits and for what. The runtime changes a goroutine's
 * status in one function; from one change to the next it does one thing. Only goroutines with open calls are followed, and only with
 * settings.goroutine_times, without which the verifier drops all of this.
 */
#ifndef SIDESPAN_GOROUTINE_TIMES_H
#define SIDESPAN_GOROUTINE_TIMES_H

#include "goroutine.h"

/* runtime/runtime2.go: the same in all releases. */
enum goroutine_status {
	STATUS_RUNNABLE = 1,
	STATUS_RUNNING = 2,
	STATUS_SYSCALL = 3,
	STATUS_WAITING = 4,
};

/* Of the goroutine in hit->key; 0 if it is not followed. */
static __always_inline struct goroutine_times *times_of(struct hit *hit)
{
	__u32 index = slot_index(&hit->key);
	struct goroutine_times *times = bpf_map_lookup_elem(&goroutine_times, &index);

	return times && times->owner == owner_word(&hit->key) ? times : 0;
}

/* From `now` on the goroutine does something else. */
static __always_inline void change_activity(struct goroutine_times *times, __u32 activity, __u64 now)
{
	__u32 before = times->activity & (GOROUTINE_ACTIVITIES - 1);

	if (now > times->since_ns) {
		times->total_ns[before] += now - times->since_ns;
		times->since_ns = now;
	}
	times->activity = activity;
}

/* The runtime changes a goroutine's status. One change of a goroutine comes after the other, on whatever CPU. */
static __noinline int note_status(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	struct pt_regs *ctx = hit->plan.ctx;
	__u32 goid_at = hit->process->g_goid, reason_at = hit->process->g_wait_reason;
	__u32 action = hit->site->action, status = STATUS_RUNNING, activity = ACTIVITY_WAITS_OTHER, index;
	struct goroutine_times *times;
	__u64 g = REGISTER_G(ctx);

	if (action == SITE_STATUS && (hit->site->flags & SITE_STACK_ABI)) {
		/* Above the return address: g, and the old and new status in one word. */
		if (bpf_probe_read_user(scratch->words, 16, (void *)(REGISTER_SP(ctx) + 8)))
			return 0;
		g = scratch->words[0];
		status = scratch->words[1] >> 32;
	} else if (action == SITE_STATUS) {
		g = FIRST_ARGUMENT(ctx);
		status = THIRD_ARGUMENT(ctx);
	} else if (action == SITE_SYSCALL) {
		status = STATUS_SYSCALL;
	}
	if (goid_at > sizeof(scratch->g) - 8 || bpf_probe_read_user(scratch->words, 8, (void *)(g + goid_at)))
		return 0;
	hit->key.goid = scratch->words[0];
	index = slot_index(&hit->key);
	hit->slot = bpf_map_lookup_elem(&goroutine_slots, &index);
	if (!hit->slot || hit->slot->owner != owner_word(&hit->key))
		return 0;
	times = times_of(hit);
	if (!times)
		return 0;
	if (status == STATUS_RUNNING) {
		activity = ACTIVITY_RUNNING;
	} else if (status == STATUS_RUNNABLE) {
		activity = ACTIVITY_RUNNABLE;
	} else if (status == STATUS_SYSCALL) {
		activity = ACTIVITY_SYSCALL;
	} else if (status == STATUS_WAITING && reason_at > 0 &&
		   bpf_probe_read_user(scratch->words, 1, (void *)(g + reason_at)) == 0) {
		__u8 reason = *(__u8 *)scratch->words;

		if (reason < WAIT_REASONS)
			activity = hit->process->waits[reason];
	}
	change_activity(times, activity, bpf_ktime_get_boot_ns());
	return 0;
}

/* The call in scratch->frame begins, as the goroutine's open call number `frames`. */
static __always_inline void begin_times(struct hit *hit)
{
	__u32 index = slot_index(&hit->key), number;
	__u64 now = hit->plan.scratch->frame.start_ns;
	struct goroutine_times *times;

	if (!settings.goroutine_times || !hit->goroutine || hit->plan.scratch->state.crowded)
		return;
	number = hit->goroutine->frames;
	times = bpf_map_lookup_elem(&goroutine_times, &index);
	if (!times || number >= INLINE_FRAMES)
		return;
	if (number == 0 || times->owner != owner_word(&hit->key)) {
		times->owner = owner_word(&hit->key);
		times->since_ns = now;
		times->activity = ACTIVITY_RUNNING;
	} else {
		change_activity(times, ACTIVITY_RUNNING, now);
	}
	__builtin_memcpy(times->at_entry_ns[number], times->total_ns, sizeof(times->total_ns));
}

/* Sends what came to `times` since the call in scratch->frame began as the goroutine's open call `number`. @return not 0: no room */
static __always_inline long send_times_record(struct hit *hit, __u32 kind, const struct goroutine_times *times, __u32 number)
{
	struct scratch *scratch = hit->plan.scratch;
	struct times_record *record = &scratch->times;

#pragma clang loop unroll(full)
	for (__u32 i = 0; i < GOROUTINE_ACTIVITIES; i++)
		record->ns[i] = times->total_ns[i] - times->at_entry_ns[number][i];
	record->header.kind = kind;
	record->header.process_slot = hit->key.process_slot;
	record->header.probe = scratch->frame.probe;
	record->header.capture_bytes = 0;
	record->goid = scratch->state.goid;
	__builtin_memcpy(record->span_id, scratch->frame.span_id, 8);
	return bpf_ringbuf_output(&ring, record, sizeof(*record), BPF_RB_NO_WAKEUP);
}

/* Sends the times of the call in scratch->frame, which ends. One that ends on another goroutine has none. */
static __always_inline void send_times(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	__u32 number = scratch->state.index;
	struct goroutine_times *times;

	if (!settings.goroutine_times || hit->site->action == SITE_RELEASE || hit->site->action == SITE_INLINED)
		return;
	if (scratch->state.crowded || number >= INLINE_FRAMES) {
		COUNT(scratch->frame.probe, times_no_room);
		return;
	}
	times = times_of(hit);
	if (!times)
		return;
	change_activity(times, ACTIVITY_RUNNING, scratch->call.end_ns);
	if (send_times_record(hit, RECORD_TIMES, times, number))
		COUNT(scratch->frame.probe, times_ring_full);
}

#endif
