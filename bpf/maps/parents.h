/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* What calls on other goroutines may have for parents: see parents.h. */
#ifndef SIDESPAN_MAPS_PARENTS_H
#define SIDESPAN_MAPS_PARENTS_H

#include "../event.h"
#include "../kernel.h"

#define PARENT_SLOTS 8192    /* a power of two */
#define CONTEXT_BUCKETS 2048 /* likewise */

/* A goroutine's start within a traced call, in the slot that its id leads to. */
struct origin {
	__u64 owner; /* owner_word of the goroutine; 0: none, or just being written */
	__u64 creator; /* goroutine_key.goid of the goroutine with the call */
	__u64 started_ns;
	__u8 trace_id[16];
	__u8 span_id[8];
	__u32 flags; /* enum frame_flag: what a child takes over */
	__u32 index; /* of the call on its goroutine */
	__u32 threshold;
	__u32 trace_state;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PARENT_SLOTS);
	__type(key, __u32);
	__type(value, struct origin);
} origins SEC(".maps");

/* The context.Context of a request. */
struct request_context {
	__u64 owner;  /* its address and the process; 0: none, or just being written */
	__u64 itab;   /* another object that comes to lie there has another one, … */
	__u64 parent; /* … or another parent */
	__u8 trace_id[16];
	__u8 span_id[8];
	__u32 flags;
	__u32 threshold;
	__u32 trace_state;
	__u32 pad;
	__u64 goid; /* goroutine_key.goid of the request */
};

#define BUCKET_CONTEXTS 4 /* a power of two */

/* Those whose addresses lead here; the oldest one goes when another comes. */
struct context_bucket {
	__u64 added;
	struct request_context context[BUCKET_CONTEXTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CONTEXT_BUCKETS);
	__type(key, __u32);
	__type(value, struct context_bucket);
} request_contexts SEC(".maps");

#endif
