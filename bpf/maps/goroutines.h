/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Goroutines, their open calls, and what they do. */
#ifndef SIDESPAN_MAPS_GOROUTINES_H
#define SIDESPAN_MAPS_GOROUTINES_H

#include "../event.h"
#include "../kernel.h"

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

/* What a call takes over from its parent, wherever that is. The decision at the first call, or of the remote parent, holds for all of the trace. */
#define INHERITED_FLAGS (FRAME_SERVER | FRAME_REMOTE_TRACE | FRAME_SAMPLED | FRAME_UNSAMPLED | FRAME_SHED)

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
	__u8 labels[ENTRY_LABELS]; /* of a call that is not sampled: those known at its entry */
	__u32 threshold; /* that its trace passed, see struct sampling; 0: none */
	__u32 trace_state; /* number of the one that came with the request; 0: none */
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

/* ---- messages of gRPC: see stream-messages.h ---- */

struct stream_messages {
	__u64 owner;	/* the stream's address and the process; 0: none, 1: just being written */
	__u64 first_ns; /* when the first one passed */
	__u64 ended;	/* start_ns of the call, once that has ended, or ATTEMPT_FAILED */
	__u64 sent;
	__u64 sent_bytes;
	__u64 received;
	__u64 received_bytes;
};

#define BUCKET_STREAMS 4 /* a power of two */

/* Those whose addresses lead here. */
struct stream_bucket {
	__u64 lost_ns; /* when counts of a stream were lost last that was not known to have ended */
	struct stream_messages stream[BUCKET_STREAMS];
};

struct { /* sized by user space: settings.messages */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stream_bucket);
} messages SEC(".maps");

struct awaited_message {
	__u64 parser; /* where it has its stream's address */
	__u64 stream;
};

struct { /* sized by user space. By the address of g: as many as may wait within traced calls, the longest silent one goes */
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct kept_call_key);
	__type(value, struct awaited_message);
} awaited_messages SEC(".maps");

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

#endif
