/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Whether a trace is kept: decided where it begins, at the entry of its first call. */
#ifndef SIDESPAN_SAMPLING_H
#define SIDESPAN_SAMPLING_H

#include "maps.h"

/*
 * The last 56 bits of a trace id are random (W3C Trace Context, level 2), and OpenTelemetry's consistent sampling keeps the
 * trace if they are not below a threshold. Here their first 32, of a threshold that has no more.
 */
static __always_inline __u32 trace_randomness(const struct frame *frame)
{
	return (__u32)(__builtin_bswap64(*word_at(&frame->trace_id[8])) >> 24);
}

/* For a call that begins a trace here, or continues one that came with a request: sets FRAME_UNSAMPLED or the threshold. */
static __noinline int decide_sampling(struct scratch *scratch)
{
	struct frame *frame = &scratch->frame;
	struct sampling *current;
	__u32 zero = 0;

	scratch->state.decided = 1;
	if ((settings.sampler & SAMPLER_PARENT) && (frame->flags & FRAME_REMOTE_TRACE)) {
		if (!(frame->flags & FRAME_SAMPLED))
			frame->flags |= FRAME_UNSAMPLED;
		return 0;
	}
	current = bpf_map_lookup_elem(&sampling, &zero);
	if (!current)
		return 0;
	if (trace_randomness(frame) < current->threshold)
		frame->flags |= FRAME_UNSAMPLED;
	else
		frame->threshold = (__u32)current->threshold;
	return 0;
}

/* Begins the key of the series of the call in scratch->frame: what was known at its entry. */
static __always_inline void begin_key(struct scratch *scratch)
{
	__u64 *words = (__u64 *)&scratch->key;

#pragma clang loop unroll(full)
	for (__u32 i = 0; i < sizeof(struct series_key) / 8; i++)
		words[i] = 0;
	*word_at(scratch->key.labels) = *word_at(scratch->frame.labels);
}

#endif
