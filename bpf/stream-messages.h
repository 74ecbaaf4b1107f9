/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * Where the messages of streams are counted, by the stream's address: places that its hash leads to, with
 * settings.messages only. What is counted there is exact or said to be lost.
 */
#ifndef SIDESPAN_STREAM_MESSAGES_H
#define SIDESPAN_STREAM_MESSAGES_H

#include "counts.h"
#include "output.h"

#define ATTEMPT_FAILED 1 /* stream_messages.ended: no call's start. Another attempt may follow, on another stream */

static __always_inline __u64 stream_owner(__u32 process_slot, __u64 stream)
{
	return stream ^ (__u64)process_slot << 55;
}

static __always_inline struct stream_bucket *bucket_of_stream(__u64 owner)
{
	__u32 index = (__u32)(owner * 0x9e3779b97f4a7c15ull >> 32) & (settings.messages - 1);

	return bpf_map_lookup_elem(&messages, &index);
}

static __always_inline void lose_messages(struct stream_bucket *bucket)
{
	bucket->lost_ns = bpf_ktime_get_boot_ns();
}

/* A place for a stream of which nothing is counted yet: its own of an earlier call, a free one, or the one that has been there longest. */
static __always_inline struct stream_messages *place_of_stream(struct stream_bucket *bucket, __u64 owner)
{
	__u64 oldest_ns = ~0ull, now = bpf_ktime_get_boot_ns(), before;
	__u32 place = BUCKET_STREAMS, oldest = 0;
	struct stream_messages *counts;

#pragma clang loop unroll(full)
	for (__u32 i = 0; i < BUCKET_STREAMS; i++) {
		counts = &bucket->stream[i];
		before = *(volatile __u64 *)&counts->owner;
		if (before == 0 || before == owner || counts->ended > ATTEMPT_FAILED)
			place = i;
		if (counts->first_ns < oldest_ns) {
			oldest_ns = counts->first_ns;
			oldest = i;
		}
	}
	if (place == BUCKET_STREAMS) {
		bucket->lost_ns = now;
		place = oldest;
	}
	MASK(place, BUCKET_STREAMS);
	counts = &bucket->stream[place];
	before = *(volatile __u64 *)&counts->owner;
	if (before == 1 || __sync_val_compare_and_swap(&counts->owner, before, 1) != before) {
		bucket->lost_ns = now; /* another CPU writes there */
		return 0;
	}
	counts->first_ns = now;
	counts->ended = 0;
	counts->sent = 0;
	counts->sent_bytes = 0;
	counts->received = 0;
	counts->received_bytes = 0;
	STORE_RELEASE(&counts->owner, owner);
	return counts;
}

/*
 * The counts of the call's stream, four words where the images lie that are not sent, which are then done with. Two CPUs may
 * have taken a place each.
 */
static __noinline __u32 read_messages(struct scratch *scratch, __u64 stream, __u32 *image)
{
	__u64 owner = stream_owner(scratch->state.process_slot, stream), start_ns = scratch->frame.start_ns, *to;
	struct stream_bucket *bucket = bucket_of_stream(owner);
	__u64 last_ns = 0;
	__u32 at = scratch->unsent;

	if (!bucket || at + 32 > UNSENT_BYTES)
		return CHUNK_NO_ROOM;
	MASK(at, UNSENT_BYTES);
	to = word_at(&scratch->data[CAPTURE_BYTES + at]);
	to[0] = to[1] = to[2] = to[3] = 0;
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < BUCKET_STREAMS; i++) {
		struct stream_messages *counts = &bucket->stream[i];
		__u64 ended = counts->ended, since = counts->first_ns;

		if (*(volatile __u64 *)&counts->owner != owner)
			continue;
		/* Of an earlier stream at this address, or of another one too, whose end was not seen. */
		if (ended && ended != start_ns && (ended != ATTEMPT_FAILED || since < start_ns))
			continue;
		if (since < start_ns)
			return CHUNK_FAULT;
		to[0] += counts->sent;
		to[1] += counts->sent_bytes;
		to[2] += counts->received;
		to[3] += counts->received_bytes;
		last_ns = since > last_ns ? since : last_ns;
		counts->ended = start_ns;
	}
	/* Counts were lost while the call ran. Not its own, if what it has was there before. */
	if (bucket->lost_ns >= start_ns && (last_ns == 0 || last_ns >= bucket->lost_ns)) {
		COUNT(scratch->frame.probe, messages_no_room);
		return CHUNK_NO_ROOM;
	}
	scratch->unsent = at + 32;
	*image = CAPTURE_BYTES + at;
	return CHUNK_OK;
}

#endif
