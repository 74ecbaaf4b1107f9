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

/* Whether this second's traces are used up; if not, this is one more. Without a limit nothing of this is in the program. */
static __always_inline int over_trace_limit(void)
{
	struct pressure *current;
	__u64 second, window;
	__u32 zero = 0;

	if (settings.traces_per_second == 0)
		return 0;
	current = bpf_map_lookup_elem(&pressure, &zero);
	if (!current)
		return 0;
	second = bpf_ktime_get_boot_ns() / 1000000000;
	window = current->window;
	if (window >> 32 < second)
		__sync_val_compare_and_swap(&current->window, window, second << 32);
	return (__u32)__sync_fetch_and_add(&current->window, 1) >= settings.traces_per_second;
}

static __always_inline void count_offered(void)
{
	struct pressure *current;
	__u32 zero = 0;

	if (settings.traces_per_second == 0)
		return;
	current = bpf_map_lookup_elem(&pressure, &zero);
	if (current)
		__sync_fetch_and_add(&current->offered, 1);
}

/* For a call that begins a trace here, or continues one that came with a request: sets FRAME_UNSAMPLED or the threshold. */
static __noinline int decide_sampling(struct scratch *scratch)
{
	struct frame *frame = &scratch->frame;
	struct sampling *current;
	__u32 zero = 0, random = trace_randomness(frame), limited = 0;
	__u64 threshold;

	scratch->state.decided = 1;
	current = bpf_map_lookup_elem(&sampling, &zero);
	if (!current)
		return 0;
	if ((settings.sampler & SAMPLER_PARENT) && (frame->flags & FRAME_REMOTE_TRACE)) {
		if (!(frame->flags & FRAME_SAMPLED)) {
			frame->flags |= FRAME_UNSAMPLED;
			return 0;
		}
		threshold = current->parent_threshold;
	} else {
		if (random < current->configured) {
			frame->flags |= FRAME_UNSAMPLED;
			return 0;
		}
		count_offered();
		threshold = current->threshold;
		limited = 1;
	}
	if (random < threshold || (limited && over_trace_limit()))
		frame->flags |= FRAME_UNSAMPLED | FRAME_SHED;
	else
		frame->threshold = (__u32)threshold;
	return 0;
}

/* Whether nothing but labels is wanted of the call: not if it may be sent all the same. */
static __always_inline int has_labels_only(const struct frame *frame)
{
	return settings.keep == 0 && (frame->flags & FRAME_UNSAMPLED) != 0;
}

/* Why the call in scratch->frame, which has ended, is sent though it is not sampled, as far as that needs no labels. */
static __always_inline __u32 kept_at_once(const struct scratch *scratch)
{
	__u32 end = scratch->state.ended;

	if (settings.keep == 0 || end == END_UNPAIRED)
		return 0;
	if ((settings.keep & KEEP_SLOW) && scratch->call.end_ns - scratch->frame.start_ns > settings.keep_slower_ns)
		return CALL_KEPT_SLOW;
	return (settings.keep & KEEP_ERRORS) && (end == END_PANIC || end == END_GOEXIT) ? CALL_KEPT_ERROR : 0;
}

/* Begins the key of the series of the call in scratch->frame: what was known at its entry. */
static __always_inline void begin_key(struct scratch *scratch)
{
	__u64 *words = (__u64 *)&scratch->key;

#pragma clang loop unroll(full)
	for (__u32 i = 0; i < sizeof(struct series_key) / 8; i++)
		words[i] = 0;
	if (settings.body_sizes) {
		scratch->sizes[0] = 0;
		scratch->sizes[1] = 0;
	}
	*word_at(scratch->key.labels) = *word_at(scratch->frame.labels);
}

#endif
