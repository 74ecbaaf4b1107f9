/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Panics of goroutines with open calls: with what, and where. */
#ifndef SIDESPAN_PANIC_H
#define SIDESPAN_PANIC_H

#include "records.h"

/*
 * Go keeps frame pointers: the word that one points to is its caller's, the next one the return address (amd64: since
 * Go 1.7, arm64: 1.12). state->frame_pointer is at hand.
 */
static long caller_step(__u64 index, struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	struct hit_state *state = &scratch->state;
	__u64 pointer = state->frame_pointer;
	__u32 at = scratch->out + 8 * state->walked;

	if (pointer == 0 || (pointer & 7) || at > CAPTURE_BYTES - 8)
		return 1;
	if (bpf_probe_read_user(scratch->words, 16, (void *)pointer) || scratch->words[1] == 0)
		return 1;
	MASK(at, CAPTURE_BYTES);
	*word_at(&scratch->data[at]) = scratch->words[1];
	state->walked++;
	/* The stack grows downwards. */
	state->frame_pointer = scratch->words[0] > pointer ? scratch->words[0] : 0;
	return 0;
}

/* Puts the return addresses of the function that was just entered behind the output. */
static __always_inline void walk_stack(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	__u32 at = scratch->out;

	scratch->state.walked = 0;
	if (at > CAPTURE_BYTES - 8)
		return;
	MASK(at, CAPTURE_BYTES);
	*word_at(&scratch->data[at]) = RETURN_ADDRESS(hit->plan.ctx);
	scratch->state.walked = 1;
	scratch->state.frame_pointer = REGISTER_FP(hit->plan.ctx);
	bpf_loop(PANIC_FRAMES - 1, caller_step, hit, 0);
}

static __always_inline void send_panic_record(struct hit *hit, __u32 kind, __u32 depth, __u32 capture_bytes)
{
	struct scratch *scratch = hit->plan.scratch;
	/* As in send_arguments. */
	struct panic_record *record =
		(void *)((__u8 *)&scratch->call + sizeof(struct call_record) - sizeof(struct panic_record));
	__u32 size = capture_bytes + 8 * scratch->state.walked;

	if (size > CAPTURE_BYTES)
		return;
	record->header.kind = kind;
	record->header.process_slot = hit->key.process_slot;
	record->header.probe = scratch->frame.probe;
	record->header.capture_bytes = capture_bytes;
	record->goid = scratch->state.goid;
	record->time_ns = bpf_ktime_get_boot_ns();
	record->depth = depth;
	record->frames = scratch->state.walked;
	if (bpf_ringbuf_output(&ring, record, sizeof(*record) + size, wakeup_flags(scratch, sizeof(*record) + size)))
		COUNT(scratch->frame.probe, panics_ring_full);
}

/* The panic of which the value has been captured. Where the ring has no room the calls that it ends say so without it. */
static __noinline void send_panic(struct hit *hit)
{
	walk_stack(hit);
	send_panic_record(hit, RECORD_PANIC, hit->plan.scratch->state.depth, hit->plan.scratch->out);
	if (hit->goroutine)
		hit->goroutine->panics++;
}

static __noinline void send_recovery(struct hit *hit)
{
	hit->plan.scratch->state.walked = 0;
	send_panic_record(hit, RECORD_RECOVERY, hit->plan.scratch->state.unwound, 0);
}

#endif
