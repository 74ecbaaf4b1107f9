/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Every map. User space sets max_entries before loading where the comment says so. */
#ifndef SIDESPAN_MAPS_H
#define SIDESPAN_MAPS_H

#include "kernel.h"
#include "event.h"

/* ---- settings, fixed at load time ---- */

const volatile struct settings settings SEC(".rodata.settings") = {
	.wakeup_bytes = 65536,
	.capture_limit = CAPTURE_BYTES,
	.goroutine_slots = 1,
};

/* ---- plain tables that user space fills ---- */

struct { /* index: the attach cookie; sized by user space */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_SITES);
	__type(key, __u32);
	__type(value, struct site);
} sites SEC(".maps");

struct { /* sized by user space */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_PROBES);
	__type(key, __u32);
	__type(value, struct probe);
} probes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_PROCESSES);
	__type(key, __u32);
	__type(value, struct process);
} processes SEC(".maps");

struct { /* op 0 is OP_END: plan 0 is "nothing to capture" */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PLAN_OPS);
	__type(key, __u32);
	__type(value, struct capture_step);
} plan_ops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PLAN_STRINGS);
	__type(key, __u32);
	__type(value, struct plan_string);
} plan_strings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct dynamic_type_key);
	__type(value, struct dynamic_type);
} dynamic_types SEC(".maps");

struct { /* what user space may change at any time */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sampling);
} sampling SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pressure);
} pressure SEC(".maps");

/* ---- goroutines and their open calls ---- */

enum frame_flag {
	FRAME_SERVER = 1, /* a server call or below one */
	FRAME_HELD = 2,
	FRAME_REMOTE_PARENT = 4,
	FRAME_SAMPLED = 8,
	FRAME_ARGUMENTS_SENT = 16,
	FRAME_ARGUMENTS_LOST = 32,
	FRAME_ROOT = 64, /* begins a trace here: may take over a traceparent */
	FRAME_REMOTE_TRACE = 256, /* the trace came with a request: FRAME_SAMPLED holds its decision */
	FRAME_ENDED = 128, /* its record was sent while calls above it go on */
	FRAME_NOT_CAPTURED = 512, /* over the limit of captures */
	FRAME_SHED = 2048,	  /* with FRAME_UNSAMPLED: the sampler as configured would have kept it */
	FRAME_UNSAMPLED = 1024,	  /* no record: its duration goes into a series */
	FRAME_B3_PARENT = 4096,
	FRAME_PARENT_BY_CONTEXT = 8192, /* found by its context.Context … */
	FRAME_PARENT_BY_START = 16384,	/* … or as what started its goroutine */
};

struct frame {
	__u64 start_ns;
	__u8 trace_id[16];
	__u8 span_id[8];
	__u8 parent_span_id[8];
	__u64 saved[SAVED_WORDS];
	__u16 probe;
	__u16 group; /* of its site */
	__u32 function;
	__u32 depth; /* stack.hi - SP at entry: survives the stack's growth */
	__u16 flags; /* enum frame_flag */
	__u8 kept_at; /* its arguments in goroutine_slot.kept, and how many; in words */
	__u8 kept_words;
	__u8 labels[LABELS]; /* of a call that is not sampled: those known at its entry */
	__u32 threshold; /* that its trace passed, see struct sampling; 0: none */
	__u32 pad;
};

struct goroutine_key {
	__u32 process_slot;
	__u32 pad;
	__u64 goid; /* for g0, whose goid is 0: the address of g with the top bit set */
};

/* What notes said of an open call that is not sampled. */
struct noted_text {
	__u64 span_id; /* whose; of a call that has ended: nobody's */
	__u8 label;    /* LABEL_NOTED of its key, … */
	__u8 status;   /* … text_status and text_bytes */
	__u8 bytes;
	__u8 pad[5];
	__u8 text[LABEL_TEXT_BYTES];
};

struct goroutine {
	__u32 frames;	 /* open calls */
	__u32 skipped;	 /* calls that were not opened because MAX_FRAMES was reached */
	__u32 panicking; /* gopanic ran and no recovery yet */
	__u32 panics;	 /* that were sent */
	struct frame frame[INLINE_FRAMES];
	struct noted_text noted;
};

/*
 * A goroutine's entry lies in the slot that its id leads to; when another goroutine owns that, in `goroutines`. Making and
 * removing an entry there costs ten times as much, and each server request does both.
 */
struct goroutine_slot {
	__u64 owner;	 /* owner_word of the goroutine; 0: free */
	__u32 elsewhere; /* goroutines whose slot this is and whose entry is in `goroutines` */
	__u32 pad;
	struct goroutine goroutine;
	__u8 kept[2 * KEPT_BYTES]; /* arguments of open calls; each begins in the first half */
};

/*
 * Sized by user space: settings.goroutine_slots, then a working copy for each scratch buffer of each CPU. Entries of
 * `goroutines` are worked on in these: the verifier would walk everything twice for pointers to two maps.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct goroutine_slot);
} goroutine_slots SEC(".maps");

struct { /* sized by user space */
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct goroutine_key);
	__type(value, struct goroutine);
} goroutines SEC(".maps");

struct overflow_key {
	__u32 process_slot;
	__u32 index;
	__u64 goid;
};

struct { /* frames from INLINE_FRAMES on */
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 131072);
	__type(key, struct overflow_key);
	__type(value, struct frame);
} overflow_frames SEC(".maps");

/* A call that outlives the function in which it began: a stream. */
struct kept_call_key {
	__u32 process_slot;
	__u32 pad;
	__u64 object; /* its address */
};

struct kept_call {
	struct frame frame;
	__u64 goid; /* where it began */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct kept_call_key);
	__type(value, struct kept_call);
} kept_calls SEC(".maps");

/* ---- messages of gRPC: see messages.h ---- */

struct message_counts {
	__u64 first_ns; /* when the first one passed */
	__u64 ended;	/* start_ns of the call, once that has ended */
	__u64 sent;
	__u64 sent_bytes;
	__u64 received;
	__u64 received_bytes;
};

struct { /* sized by user space. By the address of the stream */
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct kept_call_key);
	__type(value, struct message_counts);
} messages SEC(".maps");

struct awaited_message {
	__u64 parser; /* where it has its stream's address */
	__u64 stream;
};

struct { /* likewise. By the address of g */
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct kept_call_key);
	__type(value, struct awaited_message);
} awaited_messages SEC(".maps");

/* ---- parents on other goroutines: see parents.h ---- */

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
	__u32 pad;
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

/* ---- what goroutines do: see goroutine-times.h ---- */

struct goroutine_times {
	__u64 owner; /* as that of the goroutine's slot: it is followed */
	__u64 since_ns;
	__u32 activity; /* enum goroutine_activity, since then */
	__u32 pad;
	__u64 total_ns[GOROUTINE_ACTIVITIES]; /* before that */
	__u64 at_entry_ns[INLINE_FRAMES][GOROUTINE_ACTIVITIES]; /* the totals when each open call began */
};

struct { /* sized by user space: as goroutine_slots, if it is wanted */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct goroutine_times);
} goroutine_times SEC(".maps");

struct { /* the same of requests, by enum request_phase: see request-phases.h. Sized by user space, likewise */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct goroutine_times);
} request_phases SEC(".maps");

struct { /* while sites change: by thread, where it hit one that another program was to count */
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} left_hits SEC(".maps");

/* ---- output ---- */

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

/* Upper bounds in ns, inclusive, ascending, then the largest number. */
const volatile __u64 duration_bounds[BOUNDS_TABLES][DURATION_BOUNDS + 1] SEC(".rodata.bounds") = {};

#define EXPONENTIAL_BOUNDS 512 /* powers of two */
#define EXPONENTIAL_SIZE_BOUNDS 256

/* Likewise, of the buckets of exponential histograms. */
const volatile struct exponential_bounds {
	__u64 durations[EXPONENTIAL_BOUNDS];
	__u64 sizes[EXPONENTIAL_SIZE_BOUNDS];
} exponential_bounds SEC(".rodata.exponential") = {};

/* ---- scratch ---- */

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
	__u32 next_key; /* of which the value is to be sent */
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
	__u32 window_bytes; /* of the strings that were read at once: see string-steps.h */
	__u32 pad;
	__u64 window_at;
	struct wanted_string strings[WANTED_STRINGS];
	__u8 window[2 * WINDOW_BYTES];
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
