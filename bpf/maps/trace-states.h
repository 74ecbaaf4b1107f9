/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* What came as tracestate with the requests of late: see trace-state.h. */
#ifndef SIDESPAN_MAPS_TRACE_STATES_H
#define SIDESPAN_MAPS_TRACE_STATES_H

#include "../event.h"
#include "../kernel.h"

#define TRACE_STATE_BYTES 512 /* as many should be passed on at least (W3C Trace Context, 3.3.1.5); a power of two */

struct trace_state {
	__u64 number; /* frame.trace_state; 0: just being written */
	__u64 trace_id[2];
	__u32 length; /* 0: it can't be passed on */
	__u32 pad;
	__u8 text[TRACE_STATE_BYTES];
};

/* One walk over the text. */
struct trace_state_scan {
	__u32 length;
	__u32 in; /* enum scan_state */
	__u32 members;
	__u32 key_at;  /* of the member at hand, … */
	__u32 comma_at; /* … the comma before it plus 1, and the hash of its key */
	__u32 hash;
	__u32 within;   /* the member at hand is OpenTelemetry's */
	__u32 part_at;  /* the part of it at hand */
	__u32 own;	/* enum own_member, and 0: */
	__u32 own_comma; /* the comma before it plus 1, or 0 */
	__u32 own_value; /* where its value begins, … */
	__u32 own_end;   /* … and the member ends */
	__u32 threshold_at; /* the part `th` of it; both own_end: there is none */
	__u32 threshold_end;
	__u32 hashes[32];   /* of the keys until now */
};

struct { /* sized by user space: settings.trace_states. By number: the oldest one goes */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct trace_state);
} trace_states SEC(".maps");

struct { /* how many there were until now */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} trace_states_taken SEC(".maps");

#endif
