/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* What holds for all sites: constant once the object is loaded, or changed at any time. */
#ifndef SIDESPAN_WIRE_SETTINGS_H
#define SIDESPAN_WIRE_SETTINGS_H

#include "limits.h"

struct settings {
	__u64 pid_namespace_device; /* of /proc/self/ns/pid of the agent */
	__u64 pid_namespace_inode;
	__u32 wakeup_bytes;	    /* a power of two: the reader is woken each time so many more are unread */
	__u32 capture_limit;	    /* at most CAPTURE_BYTES */
	__u32 goroutine_slots;	    /* a power of two: entries of goroutine_slots that goroutines own; working copies follow */
	__u32 captures_per_second;  /* of each PROBE_LIMITED, in each second of CLOCK_BOOTTIME; 0: no limit */
	__u32 sampler;		    /* enum sampler_flag */
	__u32 traces_per_second;    /* most that begin here and are kept; 0: no limit */
	__u32 body_sizes;	    /* LABEL_SIZE counts */
	__u32 goroutine_times;	    /* 1: what goroutines do while their calls run is followed */
	__u32 timed_hits;	    /* one of so many hits is timed; 0: none */
	__u32 keep;		    /* enum keep_flag: calls that are not sampled and sent all the same */
	__u64 keep_slower_ns;	    /* those that took longer */
	__u32 request_phases;	    /* 1: where the time of HTTP requests goes is followed */
	__u32 messages;		    /* buckets for the counts of gRPC's messages, a power of two; 0: they are not counted */
	__u32 exponential;	    /* 1: the values of `series` are wide_series */
	__u32 trace_states;	    /* how many are kept to be passed on, a power of two; 0: none */
};

enum keep_flag { KEEP_ERRORS = 1, KEEP_SLOW = 2 };

enum sampler_flag {
	SAMPLER_PARENT = 1, /* the decision that came with a traceparent holds */
};

/* What user space may change at any time. A trace is kept if bits 24 to 55 of its id are not below a threshold; 2^32: none is. */
struct sampling {
	__u64 threshold;
	__u64 configured; /* what it is without overload and limit */
	__u64 parent_threshold; /* of traces that a parent has decided to keep; 0 without overload */
};

/* What the agent lowers the threshold by. */
struct pressure {
	__u64 window;  /* this second (high 32 bits) and how many traces began to be kept in it */
	__u64 offered; /* traces that the configured sampler would keep; only with settings.traces_per_second */
	__u64 lost;    /* records that found no room */
};

#endif
