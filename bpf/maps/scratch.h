/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Where a hit works: a BPF program's stack is too small. */
#ifndef SIDESPAN_MAPS_SCRATCH_H
#define SIDESPAN_MAPS_SCRATCH_H

#include "goroutines.h"
#include "parents.h"
#include "trace-states.h"

/* A nesting level of the interpreter: what OP_POP, OP_NEXT or OP_END goes back to. */
struct plan_level {
	__u32 image;	  /* image to restore */
	__u32 return_pc;  /* after a dynamic plan; 0 otherwise */
	__u32 body_pc;	  /* first op of a loop's body */
	__u32 remaining;  /* iterations to come */
	__u32 item_bytes;
	__u32 pad;
};

/* One walk over a Go map. */
struct map_walk {
	__u64 group;	   /* address of the next group or bucket */
	__u64 directory;   /* swiss: array of tables; buckets: old buckets to search next */
	__u64 last_table;
	__u32 groups;	   /* left in this table */
	__u32 tables;	   /* left in the directory; buckets: number of old buckets */
	__u32 state;	   /* enum walk_state */
	__u32 missing;	   /* keys not found yet */
	__u32 candidates;  /* slots of the group at hand */
	__u64 lengths;	   /* bit n - 1: a key of n bytes is looked for */
	__u32 key_at;	   /* of the slot at hand, in the group */
	__u32 matched;	   /* which of the keys is there, from 1; 0: none */
	__u32 group_bytes; /* OP_MAP only, as all that follows */
	__u32 pad;
	__u64 entries;	   /* address of the group at hand */
	__u64 layout;
	__u32 wanted;
	__u32 copied;
};

/* A key that a walk looks for, and its value. */
struct found_value {
	__u64 data; /* of the slice of values */
	__u64 length;
	__u64 status; /* enum chunk_status */
};

/* What B3's headers said so far: see trace-context.h. */
struct b3_headers {
	__u8 trace_id[16];
	__u8 span_id[8];
	__u32 found;
	__u32 flags; /* enum frame_flag */
};

#define WANTED_STRINGS 8 /* a power of two that STRINGS_AT_ONCE fits in */
#define WINDOW_BYTES 256

struct wanted_string {
	__u64 address;
	__u64 length;
	__u32 limit;
	__u32 size; /* bytes to be read */
	__u64 from; /* of the first one of those that lie close together: where they all are */
	__u64 until;
};

#define UNASKED_BYTES 4096 /* of one CPU */
#define FOUND_VALUES 16 /* a power of two that MAX_HEADER_KEYS fits in */
#define SWISS_GROUP_BYTES (8 + 8 * (16 + 24))
#define BUCKET_BYTES (8 + 8 * 16 + 8 * 24 + 8)

/* The numbers of the hit at hand. */
struct hit_state {
	__u64 goid;
	__u32 depth;	 /* stack.hi - SP */
	__u32 unwound;	 /* open calls deeper than this have ended without their exit … */
	__u32 kept;	 /* … but never the outermost `kept` ones */
	__u32 unwinding; /* enum call_end for them */
	__u32 ended;	 /* enum call_end of the call at hand */
	__u32 own;	 /* the call at hand is the site's own */
	__u32 index;	 /* of the frame that was found or popped */
	__u32 found;	 /* SITE_FINISH: the call is open, at `index` */
	__u32 map_kind;	 /* enum map_kind of the process */
	__u32 claimed;	 /* which of the CPU's scratch buffers this is */
	__u32 crowded;	 /* the goroutine's entry is in `goroutines`; at hand is a working copy */
	__u32 process_slot;
	__u32 kept_bytes; /* of the output: the call's arguments, which were kept */
	__u32 label_plan; /* for the case that the call turns out not to be sampled */
	__u32 decided;	  /* whether it is */
	__u32 pass;	  /* enum hit_pass */
	__u32 next_plan;  /* of the pass that follows */
	__u32 keeping;	  /* enum call_flag: why the call is sent though it is not sampled; 0: it is not */
	__u32 site_probe; /* of the site, for its time */
	__u32 labels_done; /* steps of label_plan that the plan begins with too */
	__u32 walked;	   /* return addresses of a panic's stack */
	__u64 frame_pointer; /* of the next one */
	__u64 load_bias;
	__u64 constants; /* where the program's constants are, and their bytes */
	__u64 constants_bytes;
};

/*
 * What most instructions use comes first: the JIT's code for a place up to 127 is three bytes shorter, and a program that has
 * left the caches since its last hit takes as long as its code is.
 */
struct scratch {
	__u32 pc;
	__u32 out;	   /* bytes of output so far */
	__u32 image;	   /* offset of the current image in the output */
	__u32 depth;
	__u32 unsent;	   /* bytes of images that are not sent */
	__u32 image_chunk; /* offset of its chunk header */
	__u32 limited;
	__u32 keys;	 /* looked for at once */
	__u32 first_key; /* string index; those of the others follow */
	__u32 contexts;	 /* OP_TRACEPARENT: how many of the keys tell of the trace context … */
	__u32 roles;	 /* … and what */
	__u32 next_key; /* of which the value is to be sent, … */
	__u32 line;	/* … and which of its values */
	__u32 stopped;	 /* no room */
	struct frame frame;
	struct hit_state state;
	__u64 words[8];
	struct map_walk walk;
	struct plan_level level[PLAN_DEPTH];
	__u64 limits[2]; /* OP_HEADER: of the values; u8 each */
	struct found_value found[FOUND_VALUES];
	__u64 random; /* state of the generator of ids */
	__u64 untimed; /* hits since one was timed */
	__u32 unasked;	    /* bytes sent since the ring was asked how many are unread; see wakeup_flags */
	__u32 unread_times; /* then: how many times settings.wakeup_bytes */
	struct kept_call kept_call;
	struct b3_headers b3;
	struct series_key key; /* of the call at hand, if it is not sampled */
	__u64 sizes[SIZES];    /* of its bodies, plus 1; 0: not known */
	__u8 g[512]; /* the start of runtime.g */
	struct origin origin;		/* a copy of the one that was found */
	struct request_context request; /* likewise */
	__u64 context_itab;		/* of the link at hand */
	__u64 context_data;
	__u32 context_found; /* enum context_found */
	__u32 open;	     /* the origin's call, or one that encloses it, is open: open_span */
	__u8 open_span[8];
	__u8 group[512]; /* 344 of them are used */
	__u8 text[128];
	__u32 first_string; /* of those that are read at once: see string-steps.h */
	__u32 window_bytes;
	__u64 window_at;
	struct wanted_string strings[WANTED_STRINGS];
	__u8 window[2 * WINDOW_BYTES + 32];
	__u32 state_key; /* which of the keys is a tracestate that is passed on, plus 1; 0: none */
	struct trace_state_scan scan; /* of the text in the window */
	__u8 state_text[TRACE_STATE_BYTES + 8]; /* what is passed on of it */
	struct times_record times;
	struct call_record call; /* directly before the output */
	/* The output, and from CAPTURE_BYTES on the images that are not sent. */
	__u8 data[2 * CAPTURE_BYTES + 16];
};

/* Programs that may be preempted on one CPU by another one at the same time (kernels before 6.10). */
#define SCRATCH_BUFFERS 4

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCH_BUFFERS);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch_buffers SEC(".maps");

struct { /* bit i: scratch buffer i of this CPU is in use */
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} scratch_busy SEC(".maps");

#endif
