/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Durations of calls whose records are not sent: histograms in per-CPU memory, read by user space now and then. */
#ifndef SIDESPAN_SERIES_H
#define SIDESPAN_SERIES_H

#include "goroutine-slot.h"

/* As ADD_ONE. */
#define ADD_TO(counter, value)                                 \
	do {                                                   \
		if (CAN_DISABLE_PREEMPTION)                    \
			*(counter) += (value);                 \
		else                                           \
			__sync_fetch_and_add(counter, value);  \
	} while (0)

/* The first of the table's first `most` bounds that is not below. Branches that lead to one number each would be as many paths for the verifier. */
static __always_inline __u32 bucket_of(__u32 table, __u32 most, __u64 value)
{
	const volatile __u64 *bounds = duration_bounds[table & (BOUNDS_TABLES - 1)];
	__u32 bucket = 0;

#pragma clang loop unroll(full)
	for (__u32 half = (most + 1) / 2; half > 0; half /= 2) {
		__u32 at = bucket + half - 1;

		MASK(at, DURATION_BOUNDS + 1);
		bucket += half * (bounds[at] < value);
	}
	return bucket;
}

/* Adds the sizes of the call's bodies, where they are known. */
static __always_inline void count_sizes(const struct scratch *scratch, struct series *found)
{
	if (!settings.body_sizes)
		return;
#pragma clang loop unroll(full)
	for (__u32 n = 0; n < SIZES; n++) {
		struct body_sizes *sizes = &found->sizes[n];
		__u64 next = scratch->sizes[n];
		__u32 bucket;

		if (next == 0)
			continue;
		bucket = bucket_of(BOUNDS_TABLES - 1, SIZE_BOUNDS, next - 1);
		MASK(bucket, SIZE_BOUNDS + 1);
		ADD_ONE(&sizes->counts[bucket]);
		ADD_TO(&sizes->sum, next - 1);
		if (sizes->min == 0 || next < sizes->min)
			sizes->min = next;
		if (next - 1 > sizes->max)
			sizes->max = next - 1;
	}
}

static const volatile struct series empty_series = {};

static __always_inline struct series *series_of(struct series_key *key)
{
	struct series *found = bpf_map_lookup_elem(&series, key);

	if (found || key->end == SERIES_REST)
		return found;
	/* Fails when the table is full, and when another CPU was faster. */
	bpf_map_update_elem(&series, key, (const void *)&empty_series, BPF_NOEXIST);
	return bpf_map_lookup_elem(&series, key);
}

/* Adds the duration of the call in scratch->frame to the series with the labels in scratch->key. */
static __noinline void count_duration(struct scratch *scratch, __u32 table)
{
	__u64 ns = scratch->call.end_ns - scratch->frame.start_ns;
	struct series_key *key = &scratch->key;
	struct series *found;
	__u32 bucket;

	if (table >= BOUNDS_TABLES)
		return;
	key->probe = scratch->frame.probe;
	if (key->end != SERIES_REST)
		key->end = scratch->state.ended;
	found = series_of(key);
	if (!found) {
		begin_key(scratch);
		*word_at(key->labels) = 0;
		key->probe = scratch->frame.probe;
		key->end = SERIES_REST;
		found = bpf_map_lookup_elem(&series, key);
	}
	if (!found) {
		COUNT(scratch->frame.probe, uncounted);
		return;
	}
	bucket = bucket_of(table, DURATION_BOUNDS, ns);
	MASK(bucket, DURATION_BOUNDS + 1);
	ADD_ONE(&found->counts[bucket]);
	ADD_TO(&found->sum_ns, ns);
	if (found->min_ns == 0 || ns + 1 < found->min_ns)
		found->min_ns = ns + 1;
	if (ns > found->max_ns)
		found->max_ns = ns;
	count_sizes(scratch, found);
}

/* The same without labels, for a call whose record was lost. */
static __always_inline void count_lost(struct scratch *scratch, __u32 table)
{
	begin_key(scratch);
	*word_at(scratch->key.labels) = 0;
	scratch->key.end = SERIES_REST;
	count_duration(scratch, table);
}

#endif
