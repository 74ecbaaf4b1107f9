/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * Messages of streams, counted where they pass, by the stream's address: with settings.messages only. Each begins with five
 * bytes: a flag, and its size in network order.
 */
#ifndef SIDESPAN_MESSAGES_H
#define SIDESPAN_MESSAGES_H

#include "goroutine.h"

#define MESSAGE_HEADER_BYTES 5

static __always_inline __u64 size_in(__u64 header)
{
	return __builtin_bswap32((__u32)(header >> 8));
}

/* Counts a message of the stream. */
static __always_inline void count_message(const struct kept_call_key *key, __u64 size, __u32 received)
{
	struct message_counts *counts = bpf_map_lookup_elem(&messages, key);

	if (!counts || counts->ended) {
		struct message_counts first = {.first_ns = bpf_ktime_get_boot_ns()};

		/* A stream has begun, perhaps at the address of another one that has ended. */
		bpf_map_update_elem(&messages, key, &first, BPF_ANY);
		counts = bpf_map_lookup_elem(&messages, key);
		if (!counts)
			return;
	}
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

/* A client tries its call again: the stream of the attempt before carries no more. */
static __always_inline void forget_attempt(struct hit *hit, struct kept_call_key *key)
{
	__u32 places = hit->site->object_at;
	__u64 call = read_register(hit->plan.ctx, hit->site->object), attempt = 0;
	struct message_counts *counts;

	if (bpf_probe_read_user(&attempt, 8, (void *)(call + (places >> 16))) ||
	    bpf_probe_read_user(&key->object, 8, (void *)(attempt + (places & 0xffff))))
		return;
	counts = bpf_map_lookup_elem(&messages, key);
	if (counts)
		counts->ended = 1; /* no call's start */
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
	if (action == SITE_MESSAGE_SENT) {
		key.object = first;
		if (!bpf_probe_read_user(&scratch->words[1], MESSAGE_HEADER_BYTES, (void *)read_register(ctx, hit->site->object_at)))
			count_message(&key, size_in(scratch->words[1]), 0);
		return 0;
	}
	if (action == SITE_MESSAGE_RETRY) {
		forget_attempt(hit, &key);
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
	known = bpf_map_lookup_elem(&awaited_messages, &key);
	if (!known)
		return 0;
	key.object = known->stream;
	/* A parser for one message may be garbage by now. What comes to lie there does not begin with that stream. */
	if (bpf_probe_read_user(scratch->words, 8 + MESSAGE_HEADER_BYTES, (void *)known->parser) ||
	    scratch->words[0] != known->stream)
		count_message(&key, MESSAGE_BYTES_UNKNOWN, 1);
	else
		count_message(&key, size_in(scratch->words[1]), 1);
	return 0;
}

#endif
