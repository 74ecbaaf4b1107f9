/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Durations of calls whose records are not sent: histograms in per-CPU memory, read by user space now and then. */
#ifndef SIDESPAN_SERIES_H
#define SIDESPAN_SERIES_H

#include "goroutine-slot.h"

#define ENOMEM 12

/* As ADD_ONE; in an entry that CPUs share always in one piece. */
#define ADD_SHARED(shared, counter, value)                     \
	do {                                                   \
		if (!(shared) && CAN_DISABLE_PREEMPTION)       \
			*(counter) += (value);                 \
		else                                           \
			__sync_fetch_and_add(counter, value);  \
	} while (0)
#define ADD_TO(counter, value) ADD_SHARED(0, counter, value)

/*
 * The first of the bounds, a power of two of them, that is not below. Branches that lead to one number each would be as many
 * paths for the verifier.
 */
static __always_inline __u32 bucket_of(const volatile __u64 *bounds, __u32 number, __u64 value)
{
	__u32 bucket = 0;

#pragma clang loop unroll(full)
	for (__u32 half = number / 2; half > 0; half /= 2) {
		__u32 at = bucket + half - 1;

		MASK(at, number);
		bucket += half * (bounds[at] < value);
	}
	return bucket;
}

static __always_inline void count_exponential(struct wide_series *found, __u64 ns, const int shared)
{
	__u32 bucket;

	if (!settings.exponential)
		return;
	bucket = bucket_of(exponential_bounds.durations, EXPONENTIAL_BOUNDS, ns);
	MASK(bucket, EXPONENTIAL_BOUNDS);
	if (bucket < EXPONENTIAL_BUCKETS)
		ADD_SHARED(shared, &found->exponential_counts[bucket], 1);
}

static __always_inline void count_exponential_size(struct wide_series *found, __u32 n, __u64 bytes, const int shared)
{
	__u32 bucket;

	if (!settings.exponential)
		return;
	bucket = bucket_of(exponential_bounds.sizes, EXPONENTIAL_SIZE_BOUNDS, bytes);
	MASK(bucket, EXPONENTIAL_SIZE_BOUNDS);
	if (bucket < EXPONENTIAL_SIZE_BUCKETS)
		ADD_SHARED(shared, &found->exponential_sizes[n][bucket], 1);
}

/* Adds the sizes of the call's bodies, where they are known. */
static __always_inline void count_sizes(const struct scratch *scratch, struct series *found, const int shared)
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
		bucket = bucket_of(duration_bounds[BOUNDS_TABLES - 1], SIZE_BOUNDS + 1, next - 1);
		MASK(bucket, SIZE_BOUNDS + 1);
		ADD_SHARED(shared, &sizes->counts[bucket], 1);
		ADD_SHARED(shared, &sizes->sum, next - 1);
		if (sizes->min == 0 || next < sizes->min)
			sizes->min = next;
		if (next - 1 > sizes->max)
			sizes->max = next - 1;
		count_exponential_size((struct wide_series *)found, n, next - 1, shared);
	}
}

/* @param shared: the entry is of all CPUs. Of two that are its extremes at the same time one may be missed then. */
static __always_inline void add_call(const struct scratch *scratch, struct series *found, __u32 table, const int shared)
{
	__u64 ns = scratch->call.end_ns - scratch->frame.start_ns;
	__u32 bucket = bucket_of(duration_bounds[table & (BOUNDS_TABLES - 1)], DURATION_BOUNDS + 1, ns);

	MASK(bucket, DURATION_BOUNDS + 1);
	ADD_SHARED(shared, &found->counts[bucket], 1);
	ADD_SHARED(shared, &found->sum_ns, ns);
	if (found->min_ns == 0 || ns + 1 < found->min_ns)
		found->min_ns = ns + 1;
	if (ns > found->max_ns)
		found->max_ns = ns;
	count_exponential((struct wide_series *)found, ns, shared);
	count_sizes(scratch, found, shared);
}

static const volatile struct wide_series empty_series = {};

/*
 * The kernel allocates memory of all CPUs for a few entries ahead, and more only when a worker has run: many new series at once
 * find none. These begin in a table with an entry for all CPUs, and go on in their own as soon as there is one.
 */
static __noinline int count_spilled(struct scratch *scratch, __u32 table)
{
	struct series_key *key = &scratch->key;
	struct series *found = bpf_map_lookup_elem(&spilled_series, key);

	if (!found) {
		bpf_map_update_elem(&spilled_series, key, (const void *)&empty_series, BPF_NOEXIST);
		found = bpf_map_lookup_elem(&spilled_series, key);
	}
	if (!found)
		return 0;
	add_call(scratch, found, table, 1);
	return 1;
}

/* Adds the duration of the call in scratch->frame to the series with the labels in scratch->key. */
static __noinline void count_duration(struct scratch *scratch, __u32 table)
{
	struct series_key *key = &scratch->key;
	struct series *found;

	if (table >= BOUNDS_TABLES)
		return;
	key->probe = scratch->frame.probe;
	if (key->end != SERIES_REST)
		key->end = scratch->state.ended;
	found = bpf_map_lookup_elem(&series, key);
	if (!found && key->end != SERIES_REST) {
		/* Fails when the table is full, when another CPU was faster, and where memory is short. */
		if (bpf_map_update_elem(&series, key, (const void *)&empty_series, BPF_NOEXIST) == -ENOMEM &&
		    count_spilled(scratch, table))
			return;
		found = bpf_map_lookup_elem(&series, key);
		if (!found) {
			COUNT(scratch->frame.probe, unlabelled);
			begin_key(scratch);
			*word_at(key->labels) = 0;
			key->probe = scratch->frame.probe;
			key->end = SERIES_REST;
			found = bpf_map_lookup_elem(&series, key);
		}
	}
	if (!found) {
		COUNT(scratch->frame.probe, uncounted);
		return;
	}
	add_call(scratch, found, table, 0);
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
