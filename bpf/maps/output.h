/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* What user space reads: records, counters, series. */
#ifndef SIDESPAN_MAPS_OUTPUT_H
#define SIDESPAN_MAPS_OUTPUT_H

#include "../event.h"
#include "../kernel.h"

struct { /* sized by user space */
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
} ring SEC(".maps");

struct { /* sized by user space */
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MAX_PROBES);
	__type(key, __u32);
	__type(value, struct probe_counters);
} counters SEC(".maps");

struct { /* sized by user space. A probe's captures: the second (high 32 bits), and how many there were in it */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_PROBES);
	__type(key, __u32);
	__type(value, __u64);
} captures SEC(".maps");

struct { /* sized by user space, its values too (struct wide_series), which puts the SERIES_REST of each probe in */
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 8192);
	__uint(key_size, sizeof(struct series_key));
	__uint(value_size, sizeof(struct series));
} series SEC(".maps");

struct { /* sized likewise. Series for which there was no memory of all CPUs; an entry is of all CPUs */
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 8192);
	__uint(key_size, sizeof(struct series_key));
	__uint(value_size, sizeof(struct series));
} spilled_series SEC(".maps");

struct { /* they stay: services that are restarted have the same ones */
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_SHAPES);
	__type(key, struct text_shape);
	__type(value, __u64);
} text_shapes SEC(".maps");

struct { /* how many of them have had a number */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} shape_numbers SEC(".maps");

/* Upper bounds in ns, inclusive, ascending, then the largest number. */
const volatile __u64 duration_bounds[BOUNDS_TABLES][DURATION_BOUNDS + 1] SEC(".rodata.bounds") = {};

#define EXPONENTIAL_BOUNDS 512 /* powers of two */
#define EXPONENTIAL_SIZE_BOUNDS 256

/* Likewise, of the buckets of exponential histograms. */
const volatile struct exponential_bounds {
	__u64 durations[EXPONENTIAL_BOUNDS];
	__u64 sizes[EXPONENTIAL_SIZE_BOUNDS];
} exponential_bounds SEC(".rodata.exponential") = {};

#endif
