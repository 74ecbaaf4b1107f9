/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * Messages of streams, counted where they pass, with settings.messages only. Each begins with five bytes: a flag, and its size in
 * network order.
 */
#ifndef SIDESPAN_MESSAGES_H
#define SIDESPAN_MESSAGES_H

#include "goroutine.h"
#include "stream-messages.h"

#define MESSAGE_HEADER_BYTES 5

static __always_inline __u64 size_in(__u64 header)
{
	return __builtin_bswap32((__u32)(header >> 8));
}

/* Counts a message of the stream. */
static __always_inline void count_message(__u64 owner, __u64 size, __u32 received)
{
	struct stream_bucket *bucket = bucket_of_stream(owner);
	struct stream_messages *counts = 0;

	if (!bucket)
		return;
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < BUCKET_STREAMS; i++)
		if (!counts && *(volatile __u64 *)&bucket->stream[i].owner == owner && !bucket->stream[i].ended)
			counts = &bucket->stream[i];
	if (!counts)
		counts = place_of_stream(bucket, owner); /* it has begun, perhaps at the address of another one that has ended */
	if (!counts)
		return;
	if (received) {
		__sync_fetch_and_add(&counts->received, 1);
		if (size == MESSAGE_BYTES_UNKNOWN)
			__sync_fetch_and_or(&counts->received_bytes, size);
		else
			__sync_fetch_and_add(&counts->received_bytes, size);
	} else {
		__sync_fetch_and_add(&counts->sent, 1);
		__sync_fetch_and_add(&counts->sent_bytes, size);
	}
}

/* An attempt of a client's call has failed: if there is another one, its stream may come to lie where this one's was. */
static __always_inline void end_attempt(struct hit *hit)
{
	__u32 places = hit->site->object_at;
	__u64 call = read_register(hit->plan.ctx, hit->site->object), attempt = 0, stream = 0, owner;
	struct stream_bucket *bucket;

	if (bpf_probe_read_user(&attempt, 8, (void *)(call + (places >> 16))) ||
	    bpf_probe_read_user(&stream, 8, (void *)(attempt + (places & 0xffff))))
		return;
	owner = stream_owner(hit->key.process_slot, stream);
	bucket = bucket_of_stream(owner);
	if (!bucket)
		return;
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < BUCKET_STREAMS; i++)
		if (*(volatile __u64 *)&bucket->stream[i].owner == owner && !bucket->stream[i].ended)
			bucket->stream[i].ended = ATTEMPT_FAILED;
}

static __noinline int note_message(struct hit *hit)
{
	struct pt_regs *ctx = hit->plan.ctx;
	struct scratch *scratch = hit->plan.scratch;
	struct kept_call_key key = {.process_slot = hit->key.process_slot};
	struct awaited_message awaited = {}, *known;
	__u32 action = hit->site->action;
	__u64 first = read_register(ctx, hit->site->object);

	scratch->words[1] = 0;
	if (action == SITE_MESSAGE_RETRY) {
		end_attempt(hit);
		return 0;
	}
	/* Which stream it is stands in the parser, which is an argument of the one function and not of the other. */
	key.object = REGISTER_G(ctx);
	if (action == SITE_MESSAGE_AWAITED) {
		awaited.parser = first + hit->site->object_at;
		if (!bpf_probe_read_user(&awaited.stream, 8, (void *)awaited.parser))
			bpf_map_update_elem(&awaited_messages, &key, &awaited, BPF_ANY);
		return 0;
	}
	if (action == SITE_MESSAGE_SENT) {
		if (bpf_probe_read_user(&scratch->words[1], MESSAGE_HEADER_BYTES, (void *)read_register(ctx, hit->site->object_at)))
			return 0;
		scratch->words[1] = size_in(scratch->words[1]);
		awaited.stream = first;
	} else {
		known = bpf_map_lookup_elem(&awaited_messages, &key);
		if (!known)
			return 0;
		awaited = *known;
		/* A parser for one message may be garbage by now. What comes to lie there does not begin with that stream. */
		if (bpf_probe_read_user(scratch->words, 8 + MESSAGE_HEADER_BYTES, (void *)awaited.parser) ||
		    scratch->words[0] != awaited.stream)
			scratch->words[1] = MESSAGE_BYTES_UNKNOWN;
		else
			scratch->words[1] = size_in(scratch->words[1]);
	}
	count_message(stream_owner(key.process_slot, awaited.stream), scratch->words[1], action != SITE_MESSAGE_SENT);
	return 0;
}

#endif
