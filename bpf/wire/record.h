/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Records in the ring buffer. */
#ifndef SIDESPAN_WIRE_RECORD_H
#define SIDESPAN_WIRE_RECORD_H

#include "limits.h"

enum record_kind {
	RECORD_ARGUMENTS = 1, /* captured at entry, where they could not be kept; the call's own record follows */
	RECORD_CALL = 2,      /* a call ended */
	RECORD_PROCESS = 3,   /* some process called exec or exited */
	RECORD_MORE_ARGUMENTS = 4, /* captured at a SITE_BODY: as RECORD_ARGUMENTS, which came before */
	RECORD_NOTE = 5,      /* captured at a SITE_NOTE; the call's own record follows */
	RECORD_TIMES = 6,     /* what its goroutine did while a call ran; the call's own record follows */
	RECORD_PANIC = 7,     /* a goroutine with open calls panics: the value and the stack */
	RECORD_RECOVERY = 8,  /* one that did has recovered; after the records of the calls that it left */
	RECORD_PHASES = 9,    /* as RECORD_TIMES: where the time of an HTTP request went */
};

/* How a call ended. */
enum call_end {
	END_RETURNED = 0,
	END_PANIC = 1,	  /* abandoned: a caller recovered a panic */
	END_GOEXIT = 2,	  /* abandoned: runtime.Goexit */
	END_GOROUTINE = 3, /* its goroutine ended without the site that should have ended the call */
	END_UNPAIRED = 4, /* its exit was not seen: found stale by a later hit of the same goroutine */
};

enum call_flag {
	CALL_ARGUMENTS_SENT = 1,  /* a RECORD_ARGUMENTS with the same span id came before */
	CALL_ARGUMENTS_LOST = 2,  /* the ring was full at entry */
	CALL_REMOTE_PARENT = 4,	  /* trace id and parent come from an incoming traceparent */
	CALL_SAMPLED = 8,	  /* sampled flag of that traceparent (meaningful with CALL_REMOTE_TRACE) */
	CALL_CAPTURE_LIMITED = 16, /* PLAN_STEPS ran out: values at the end are missing */
	CALL_REMOTE_TRACE = 32,	  /* the call, or one that encloses it, has a remote parent that decided about sampling */
	CALL_B3_PARENT = 128,	  /* the remote parent came as B3: a tracestate that came too is not its */
	CALL_PARENT_BY_CONTEXT = 256, /* the parent is not a call on the same goroutine: its context.Context leads there, … */
	CALL_PARENT_BY_START = 512,   /* … or its goroutine was started in it */
	CALL_KEPT_ERROR = 1024,	  /* not sampled, but it failed … */
	CALL_KEPT_SLOW = 2048,	  /* … or took long: settings.keep */
	CALL_NOT_CAPTURED = 64,	  /* over settings.captures_per_second: neither arguments nor results were read */
};

struct record_header {
	__u32 kind;	    /* enum record_kind */
	__u32 process_slot;
	__u32 probe;
	__u32 capture_bytes; /* bytes of captured chunks after the fixed part */
};

struct arguments_record {
	struct record_header header;
	__u64 goid;
	__u8 span_id[8];
	/* chunks follow */
};

struct call_record {
	struct record_header header;
	__u64 goid;
	__u64 start_ns; /* CLOCK_BOOTTIME */
	__u64 end_ns;
	__u8 trace_id[16];
	__u8 span_id[8];
	__u8 parent_span_id[8]; /* zero: a root */
	__u16 end;		/* enum call_end */
	__u16 arguments_bytes;	/* of the chunks, those captured at entry: they come first */
	__u32 flags;		/* enum call_flag */
	__u32 threshold;	/* frame.threshold */
	__u32 frame_index;	/* enclosing traced calls on this goroutine */
	/* chunks follow */
};

/* What a goroutine does, by its status in the runtime (runtime/runtime2.go) and, while it waits, by its waitReason. */
enum goroutine_activity {
	ACTIVITY_RUNNING = 0,
	ACTIVITY_RUNNABLE = 1, /* it could run, but no thread has taken it up yet */
	ACTIVITY_SYSCALL = 2,
	ACTIVITY_WAITS_OTHER = 3, /* and where the release of Go is not known */
	ACTIVITY_WAITS_CHANNEL = 4,
	ACTIVITY_WAITS_LOCK = 5,
	ACTIVITY_WAITS_NETWORK = 6,
	ACTIVITY_WAITS_SLEEP = 7,
};

/* What is done for an HTTP request on the goroutine of its call. */
enum request_phase {
	PHASE_HANDLING = 0, /* a server's: all that is none of the others */
	PHASE_QUEUED = 1,   /* a server's: it was read, and its call has not begun; not part of the duration */
	PHASE_READING = 2,  /* a server's: the body */
	PHASE_WRITING = 3,  /* a server's: to the connection */
	PHASE_CONNECTING = 4, /* a client's: until it has a connection */
	PHASE_ANSWERING = 5,  /* a client's: from then on */
};

/* How a site changes it. */
enum phase_change {
	PHASE_BEGIN = 1, /* until the matching PHASE_END */
	PHASE_END = 2,
	PHASE_TURN = 3,	 /* in place of the one at hand */
	PHASE_READ = 4,	 /* PHASE_QUEUED begins, on a goroutine without open calls */
};

struct times_record {
	struct record_header header;
	__u64 goid;
	__u8 span_id[8];
	__u64 ns[GOROUTINE_ACTIVITIES]; /* by enum goroutine_activity: together they are the call's duration; or by enum request_phase */
};

struct panic_record {
	struct record_header header; /* RECORD_PANIC: the probe is that of the innermost open call */
	__u64 goid;
	__u64 time_ns; /* CLOCK_BOOTTIME */
	__u32 depth;   /* stack.hi - SP of what panics, or of what recovers: deeper panics are over */
	__u32 frames;  /* return addresses behind the chunks, a word each, innermost first */
	/* chunks follow */
};

enum process_change { PROCESS_EXEC = 1, PROCESS_EXIT = 2 };

struct process_record {
	struct record_header header; /* process_slot and probe are 0 */
	__u32 change;		     /* enum process_change */
	__u32 pid;		     /* in the agent's PID namespace, 0 if it is not visible there */
};

#endif
